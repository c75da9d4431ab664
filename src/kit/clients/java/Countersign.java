// Signs requests with countersign-v1: see protocol.md. Java 11 or later, JDK only. Copy this file.

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public final class Countersign {
  private static final List<String> MODIFIERS = List.of("content-encoding", "content-range", "idempotency-key", "if-match",
      "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range");
  private static final String NOT_SIGNABLE = "x-api-.*|content-(type|digest|length)|host|connection|transfer-encoding|te|trailer"
      + "|upgrade|keep-alive|accept-encoding|set-cookie";
  private static final Pattern ABSOLUTE = Pattern.compile("(https?)://([^/?#]*)([^#]*).*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private Countersign() {}

  /** A header as it is sent. */
  public static final class Field {
    final String name;
    final String value;

    public Field(String name, String value) {
      this.name = name;
      this.value = value;
    }
  }

  /** What is signed. Time and nonce are chosen if they are null. */
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
    public boolean unsignedBody;
  }

  /** The headers to add, and the string to sign. */
  public static final class Signed {
    public final Map<String, String> headers = new LinkedHashMap<>();
    public String text;
  }

  private static void require(boolean condition, String problem) {
    if (!condition) throw new IllegalArgumentException(problem);
  }

  /** Writes path and query with one spelling of each escape. */
  static String normalise(String target) {
    String whole = target.startsWith("/") ? target : "/" + target;
    if (whole.indexOf('?') == whole.length() - 1) whole = whole.substring(0, whole.length() - 1);
    byte[] bytes = whole.getBytes(StandardCharsets.UTF_8);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < bytes.length; i++) {
      int c = bytes[i] & 255;
      int high = c == '%' && i + 2 < bytes.length ? Character.digit(bytes[i + 1], 16) : -1;
      int low = high < 0 ? -1 : Character.digit(bytes[i + 2], 16);
      if (low >= 0) {
        int decoded = high * 16 + low;
        out.append(isOneOf(decoded, "-._~") ? String.valueOf((char) decoded) : String.format("%%%02X", decoded));
        i += 2;
      } else {
        out.append(isOneOf(c, "-._~!$&'()*+,;=:@/?[]") ? String.valueOf((char) c) : String.format("%%%02X", c));
      }
    }
    return out.toString();
  }

  private static boolean isOneOf(int c, String marks) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || marks.indexOf(c) >= 0;
  }

  private static String trim(String text) {
    return text.replaceAll("^[ \t]+", "").replaceAll("[ \t]+$", "");
  }

  /** Returns the value of a header as it is signed; null without it. */
  static String valueOf(List<Field> headers, String name) {
    List<String> values = new ArrayList<>();
    for (Field field : headers) if (field.name.toLowerCase(Locale.ROOT).equals(name)) values.add(trim(field.value));
    if (values.isEmpty()) return null;
    String value = trim(String.join(", ", values));
    require(value.matches("[\t -~]*"), name + " is not printable ASCII");
    return value;
  }

  static String digestOf(byte[] body) throws GeneralSecurityException {
    if (body.length == 0) return "";
    return "sha-256=:" + Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(body)) + ":";
  }

  static String macOf(byte[] secret, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(secret, "HmacSHA256"));
    return "v1=" + hex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static String hex(byte[] bytes) {
    StringBuilder out = new StringBuilder();
    for (byte one : bytes) out.append(String.format("%02x", one));
    return out.toString();
  }

  private static String randomNonce() {
    byte[] random = new byte[16];
    new SecureRandom().nextBytes(random);
    return hex(random);
  }

  public static Signed sign(Request r) throws GeneralSecurityException {
    Matcher parts = ABSOLUTE.matcher(r.url);
    require(parts.matches() && !parts.group(2).contains("@"), "The URL must be absolute, without a user name.");
    require(parts.group(2).matches("[!-~]*"), "The host must be printable ASCII, without blanks.");
    String time = r.time != null ? r.time : String.valueOf(System.currentTimeMillis() / 1000);
    String nonce = r.nonce != null ? r.nonce : randomNonce();
    require(r.method.matches("[\\w!#$%&'*+.^`|~-]{1,64}"), "The method is not a token.");
    require(nonce.matches("[\\w-]{16,128}"), "A nonce has 16 to 128 of A-Z a-z 0-9 _ -");
    require(r.accessKey.matches("[\\w.~-]{1,512}"), "The access key is malformed.");
    String port = parts.group(1).equalsIgnoreCase("https") ? ":443$" : ":80$";
    String authority = parts.group(2).toLowerCase(Locale.ROOT).replaceFirst(port, "");
    TreeSet<String> names = new TreeSet<>();
    for (String name : r.signedHeaders) names.add(name.toLowerCase(Locale.ROOT));
    for (String name : MODIFIERS) if (valueOf(r.headers, name) != null) names.add(name);
    String digest = r.unsignedBody ? "" : digestOf(r.body);
    String type = valueOf(r.headers, "content-type");
    List<String> lines = new ArrayList<>(List.of("countersign-v1-request", r.accessKey, time, nonce));
    lines.addAll(List.of(r.method.toUpperCase(Locale.ROOT), authority, normalise(parts.group(3)), type == null ? "" : type));
    lines.add(r.unsignedBody ? "unsigned" : digest);
    for (String name : names) {
      require(name.matches("[a-z0-9!#$%&'*+.^_`|~-]+") && !name.matches(NOT_SIGNABLE), name + " cannot be signed.");
      require(valueOf(r.headers, name) != null, "The request lacks " + name);
      lines.add(name + ":" + valueOf(r.headers, name));
    }
    Signed signed = new Signed();
    signed.text = String.join("\n", lines);
    signed.headers.put("X-API-Key", r.accessKey);
    signed.headers.put("X-API-Timestamp", time);
    signed.headers.put("X-API-Nonce", nonce);
    if (!digest.isEmpty()) signed.headers.put("Content-Digest", digest);
    if (r.unsignedBody) signed.headers.put("X-API-Payload", "unsigned");
    if (!names.isEmpty()) signed.headers.put("X-API-Signed-Headers", String.join(";", names));
    signed.headers.put("X-API-Signature", macOf(r.secret, signed.text));
    return signed;
  }

  /** Whether a response is countersigned. The signature is X-API-Signature of the request. */
  public static boolean isResponseSigned(String signature, byte[] secret, HttpResponse<byte[]> response) throws GeneralSecurityException {
    List<Field> headers = new ArrayList<>();
    response.headers().map().forEach((name, values) -> values.forEach(value -> headers.add(new Field(name, value))));
    String time = orEmpty(valueOf(headers, "x-api-timestamp"));
    String digest = digestOf(response.body());
    List<String> lines = new ArrayList<>(List.of("countersign-v1-response", signature, time, String.valueOf(response.statusCode()),
        orEmpty(valueOf(headers, "content-type")), digest));
    for (String name : List.of("content-range", "location")) {
      if (valueOf(headers, name) != null) lines.add(name + ":" + valueOf(headers, name));
    }
    byte[] expected = macOf(secret, String.join("\n", lines)).getBytes(StandardCharsets.UTF_8);
    byte[] received = orEmpty(valueOf(headers, "x-api-signature")).getBytes(StandardCharsets.UTF_8);
    return MessageDigest.isEqual(expected, received) && time.matches("[0-9]{1,12}")
        && digest.equals(orEmpty(valueOf(headers, "unencoded-digest")));
  }

  private static String orEmpty(String text) {
    return text == null ? "" : text;
  }

  /** Whether to send a request once more. The server may have carried out another one, such as a POST. */
  private static boolean mayRetry(Request r, int status) {
    boolean idempotent = List.of("GET", "HEAD", "OPTIONS", "PUT", "DELETE").contains(r.method.toUpperCase(Locale.ROOT))
        || valueOf(r.headers, "idempotency-key") != null;
    return idempotent && (status == 502 || status == 503 || status == 504);
  }

  /** Sends a request with the HttpClient of the JDK. Signs every attempt anew, and follows no redirect. */
  public static HttpResponse<byte[]> send(Request r, boolean checkResponse) throws Exception {
    HttpClient client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).version(HttpClient.Version.HTTP_1_1).build();
    for (int attempt = 1; ; attempt++) {
      Signed signed = sign(r);
      HttpRequest.BodyPublisher body = r.body.length == 0 ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(r.body);
      HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(r.url)).method(r.method, body).timeout(Duration.ofSeconds(30));
      for (Field field : r.headers) request.header(field.name, field.value);
      signed.headers.forEach(request::header);
      HttpResponse<byte[]> response = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      if (mayRetry(r, response.statusCode()) && attempt < 3) {
        Thread.sleep(200L * attempt);
        continue;
      }
      if (checkResponse && !isResponseSigned(signed.headers.get("X-API-Signature"), r.secret, response)) {
        throw new IllegalStateException("The response is not countersigned.");
      }
      return response;
    }
  }
}
