private static String randomNonce() {
  byte[] random = new byte[16];
  new SecureRandom().nextBytes(random);
  return hexOf(textOf(random));
}


private static String secondsOf(String time) {
  return String.valueOf((long) Double.parseDouble(time));
}


private static String millisecondsOf(String time) {
  return String.valueOf((long) (Double.parseDouble(time) * 1000));
}


private static String calendar(String time, String part) {
  Map<String, String> forms = Map.of("YYYY", "uuuu", "MM", "MM", "MMM", "MMM", "mmm", "MMM", "DD", "dd", "ddd", "EEE", "HH", "HH", "mm", "mm", "ss", "ss");
  Instant at = Instant.ofEpochMilli(Math.round(Double.parseDouble(time) * 1000));
  String made = DateTimeFormatter.ofPattern(forms.getOrDefault(part, "SSS"), Locale.US).format(at.atOffset(ZoneOffset.UTC));
  return part.equals("mmm") ? made.toLowerCase(Locale.ROOT) : made;
}


private static String dateOf(String time, String between) {
  return String.join(between, calendar(time, "YYYY"), calendar(time, "MM"), calendar(time, "DD"));
}


private static String fitting(String nonce, String form) {
  check(nonce.matches(form), "The nonce cannot be written in the form of the scheme.");
  return nonce;
}


private static String uuidOf(String nonce) {
  Matcher p = Pattern.compile("([0-9a-f]{8})([0-9a-f]{4})[0-9a-f]([0-9a-f]{3})([0-9a-f])([0-9a-f]{3})([0-9a-f]{12})").matcher(nonce);
  if (!p.matches()) return nonce;
  char variant = "89ab".charAt(Integer.parseInt(p.group(4), 16) & 3);
  return p.group(1) + "-" + p.group(2) + "-4" + p.group(3) + "-" + variant + p.group(5) + "-" + p.group(6);
}


private static String digitsOf(String nonce) {
  if (!nonce.matches("[0-9a-f]{32}") || nonce.matches("[0-9]+")) return nonce;
  return new StringBuilder(new BigInteger(nonce, 16).toString()).reverse().toString();
}
