/** A header as it is sent. */
public static final class Field {
  final String name;
  final String value;

  public Field(String name, String value) {
    this.name = name;
    this.value = value;
  }
}


/** What is signed. Time, in seconds since 1970, and nonce are chosen if they are null. */
public static final class Request {
  public String method = "GET";
  public String url;
  public List<Field> headers = List.of();
  public byte[] body = {};
  public String accessKey;
  public byte[] secret;
  public String time;
  public String nonce;
  public List<String> signedHeaders = List.of();
  public String sessionToken;
  public String challenge;
}


/** The headers to add, the string to sign, and the URL to send. */
public static final class Signed {
  public final Map<String, String> headers = new LinkedHashMap<>();
  public byte[] text;
  public String url;
}


private static final Pattern ABSOLUTE = Pattern.compile("(https?)://([^/?#]*)([^#]*).*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);


private static void check(boolean condition, String problem) {
  if (!condition) throw new IllegalArgumentException(problem);
}


// Texts are bytes, one in each character.
private static String textOf(byte[] bytes) {
  return new String(bytes, StandardCharsets.ISO_8859_1);
}


private static byte[] bytesOf(String text) {
  return text.getBytes(StandardCharsets.ISO_8859_1);
}


/** A request before it is signed. */
private static final class Prepared {
  String method;
  String scheme;
  String origin;
  String authority;
  String target;
  List<Field> headers;
  TreeSet<String> names = new TreeSet<>();
  String body;
  String accessKey;
  String time;
  String timestamp;
  String nonce;
  String sessionToken;
  String challenge;
  String signature = "";
}


private static Prepared prepare(Request given) {
  Matcher parts = ABSOLUTE.matcher(given.url);
  check(parts.matches() && !parts.group(2).contains("@"), "The URL must be absolute, without a user name.");
  // Others are dropped or escaped when the URL is sent, and a line break could pass for the end of a field.
  check((parts.group(2) + parts.group(3)).matches("[!-~]*"), "The host and the target must be printable ASCII, without blanks.");
  check(given.method.matches("[\\w!#$%&'*+.^`|~-]{1,64}"), "The method is not a token.");
  check(given.challenge == null || given.challenge.matches("[\\w.~+/=-]{0,512}"), "The challenge has characters that no server issues, or more than 512.");
  Prepared r = new Prepared();
  r.method = given.method.toUpperCase(Locale.ROOT);
  r.scheme = parts.group(1).toLowerCase(Locale.ROOT);
  r.origin = parts.group(1) + "://" + parts.group(2);
  String port = r.scheme.equals("https") ? ":443$" : ":80$";
  r.authority = textOf(parts.group(2).toLowerCase(Locale.ROOT).replaceFirst(port, "").getBytes(StandardCharsets.UTF_8));
  String target = textOf(parts.group(3).getBytes(StandardCharsets.UTF_8));
  r.target = target.startsWith("/") ? target : "/" + target;
  r.headers = given.headers;
  for (String name : given.signedHeaders) r.names.add(name.toLowerCase(Locale.ROOT));
  r.body = given.body.length == 0 ? null : textOf(given.body);
  r.accessKey = given.accessKey;
  r.time = given.time != null ? given.time : String.valueOf(System.currentTimeMillis() / 1000.0);
  r.timestamp = timestampOf(r.time);
  r.nonce = nonceOf(given.nonce != null ? given.nonce : randomNonce());
  r.sessionToken = given.sessionToken;
  r.challenge = given.challenge;
  if (r.challenge == null) r.challenge = "none"; // with challenge
  return r;
}


private static String hostOf(Prepared r) {
  return r.authority.replaceFirst(":[0-9]*$", "");
}


private static String portOf(Prepared r) {
  Matcher found = Pattern.compile(":([0-9]+)$").matcher(r.authority);
  return found.find() ? found.group(1) : r.scheme.equals("https") ? "443" : "80";
}


private static String pathOf(Prepared r) {
  return r.target.split("\\?", 2)[0];
}


private static String queryOf(Prepared r) {
  int start = r.target.indexOf('?');
  return start < 0 || start == r.target.length() - 1 ? null : r.target.substring(start + 1);
}


private static String urlOf(Prepared r) {
  return r.scheme + "://" + r.authority + r.target;
}


private static String trimBlanks(String text) {
  return text.replaceAll("^[ \t]+", "").replaceAll("[ \t]+$", "");
}


private static String headerValue(Prepared r, String name) {
  List<String> values = new ArrayList<>();
  for (Field field : r.headers) if (field.name.toLowerCase(Locale.ROOT).equals(name)) values.add(trimBlanks(field.value));
  if (values.isEmpty()) return null;
  String value = trimBlanks(String.join(", ", values));
  check(value.matches("[\t -~]*"), name + " is not printable ASCII");
  return value;
}


private static String nothing() {
  return null;
}


private static String needed(String value, String name) {
  check(value != null, "The request lacks " + name);
  return value;
}


private static String defaultTo(String value, String fallback) {
  return value == null ? fallback : value;
}


private static String onlyFor(Prepared r, List<String> methods, String value) {
  return methods.contains(r.method) ? value : null;
}


private static String chosenNames(Prepared r, String separator) {
  return r.names.isEmpty() ? null : String.join(separator, r.names);
}


private static String chosenLines(Prepared r) {
  StringBuilder lines = new StringBuilder();
  for (String name : r.names) lines.append(lineOf(name, needed(headerValue(r, name), name)));
  return r.names.isEmpty() ? null : lines.toString();
}
