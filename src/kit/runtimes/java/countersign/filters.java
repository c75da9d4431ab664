private static String mapLetters(String text, char first, int distance) {
  StringBuilder made = new StringBuilder();
  for (char one : text.toCharArray()) made.append(one >= first && one < first + 26 ? (char) (one + distance) : one);
  return made.toString();
}


private static String lowerAscii(String text) {
  return mapLetters(text, 'A', 32);
}


private static String upperAscii(String text) {
  return mapLetters(text, 'a', -32);
}


private static String trimAscii(String text) {
  return text.replaceAll("^[\t\n\\x0b\f\r ]+", "").replaceAll("[\t\n\\x0b\f\r ]+\\z", "");
}


private static String collapseAscii(String text) {
  return text.replaceAll("[\t\n\\x0b\f\r ]+", " ");
}


private static String upTo(String text, String end) {
  int found = text.indexOf(end);
  return found < 0 ? text : text.substring(0, found);
}


private static String truncateText(String text, int length) {
  String characters = new String(bytesOf(text), StandardCharsets.UTF_8);
  if (characters.codePointCount(0, characters.length()) <= length) return text;
  String kept = characters.substring(0, characters.offsetByCodePoints(0, length));
  return textOf(kept.getBytes(StandardCharsets.UTF_8));
}


private static String truncateBytes(String value, int length) {
  return value.length() <= length ? value : value.substring(0, length);
}


private static List<String[]> splitPath(String text) {
  List<String[]> pieces = new ArrayList<>();
  for (String segment : text.split("/", -1)) pieces.add(new String[] {segment});
  return pieces;
}


private static List<String[]> splitQuery(String text) {
  List<String[]> pieces = new ArrayList<>();
  for (String pair : text.split("&", -1)) pieces.add(pair.split("=", 2));
  return pieces;
}


private static String joinPieces(List<String[]> pieces, String separator) {
  List<String> joined = new ArrayList<>();
  for (String[] piece : pieces) joined.add(String.join("=", piece));
  return String.join(separator, joined);
}


private static String joinPath(List<String[]> pieces) {
  return joinPieces(pieces, "/");
}


private static String joinQuery(List<String[]> pieces) {
  return joinPieces(pieces, "&");
}


private static List<String[]> eachPiece(List<String[]> pieces, UnaryOperator<String> change) {
  for (String[] piece : pieces) for (int i = 0; i < piece.length; i++) piece[i] = change.apply(piece[i]);
  return pieces;
}


private static List<String[]> sortByValue(List<String[]> pieces) {
  Comparator<String[]> byName = Comparator.comparing(piece -> piece[0]);
  pieces.sort(byName.thenComparing(piece -> piece.length > 1 ? piece[1] : ""));
  return pieces;
}


private static List<String[]> sortByName(List<String[]> pieces) {
  pieces.sort(Comparator.comparing(piece -> piece[0]));
  return pieces;
}


private static List<String[]> sortByText(List<String[]> pieces) {
  pieces.sort(Comparator.comparing(piece -> String.join("=", piece)));
  return pieces;
}


private static String percentDecode(String text) {
  StringBuilder made = new StringBuilder();
  for (int i = 0; i < text.length(); i++) {
    char one = text.charAt(i);
    if (one == '%') {
      boolean isEscape = i + 2 < text.length() && text.substring(i + 1, i + 3).matches("[0-9A-Fa-f]{2}");
      check(isEscape, "A value contains a % that begins no escape.");
      one = (char) Integer.parseInt(text.substring(i + 1, i + 3), 16);
      i += 2;
    }
    check(one > 0x1f && one != 0x7f, "A value contains a control character.");
    made.append(one);
  }
  String read = new String(bytesOf(made.toString()), StandardCharsets.UTF_8);
  check(textOf(read.getBytes(StandardCharsets.UTF_8)).equals(made.toString()), "A value contains escapes that are not UTF-8.");
  return made.toString();
}


private static String escapeExcept(String text, String marks) {
  StringBuilder made = new StringBuilder();
  for (char one : text.toCharArray()) {
    boolean isKept = one >= 'a' && one <= 'z' || one >= 'A' && one <= 'Z' || one >= '0' && one <= '9' || marks.indexOf(one) >= 0;
    made.append(isKept ? String.valueOf(one) : String.format("%%%02X", (int) one));
  }
  return made.toString();
}


private static String rfc3986(String text) {
  return escapeExcept(text, "-._~");
}


private static String formEncode(String text) {
  return escapeExcept(text, "-._*").replace("%20", "+");
}


private static String fromAfter(String text, String start) {
  int found = text.indexOf(start);
  return found < 0 ? "" : text.substring(found + start.length());
}


private static List<String[]> mergeValues(List<String[]> pieces, String separator) {
  Map<String, List<String>> merged = new LinkedHashMap<>();
  for (String[] piece : pieces) {
    List<String> values = merged.computeIfAbsent(piece[0], name -> new ArrayList<>());
    if (piece.length > 1) values.add(piece[1]);
  }
  List<String[]> made = new ArrayList<>();
  merged.forEach((name, values) -> made.add(values.isEmpty() ? new String[] {name} : new String[] {name, String.join(separator, values)}));
  return made;
}


private static String joinPairs(List<String[]> pieces, String separator) {
  return joinPieces(pieces, separator);
}
