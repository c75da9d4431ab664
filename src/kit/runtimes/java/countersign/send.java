private static String nameOf(String parameter) {
  String name = parameter.split("=", 2)[0];
  try {
    return URLDecoder.decode(name, StandardCharsets.UTF_8);
  } catch (IllegalArgumentException e) {
    return name;
  }
}


private static String withoutParameters(String target, List<String> names) {
  int start = target.indexOf('?');
  if (start < 0 || start == target.length() - 1) return target;
  String[] all = target.substring(start + 1).split("&", -1);
  List<String> kept = new ArrayList<>();
  for (String parameter : all) if (!names.contains(nameOf(parameter))) kept.add(parameter);
  if (kept.size() == all.length) return target;
  return kept.isEmpty() ? target.substring(0, start) : target.substring(0, start) + "?" + String.join("&", kept);
}


private static String withParameters(String target, List<Field> added) {
  int start = target.indexOf('?');
  List<String> all = new ArrayList<>();
  if (start >= 0 && start < target.length() - 1) all.add(target.substring(start + 1));
  for (Field field : added) if (!field.value.isEmpty()) all.add(field.name + "=" + field.value);
  String path = start < 0 ? target : target.substring(0, start);
  return all.isEmpty() ? path : path + "?" + String.join("&", all);
}


public static Signed sign(Request given) {
  Prepared r = prepare(given);
  r.target = withoutParameters(r.target, ownParameters); // with parameters
  r.target = withParameters(r.target, signedParameters(r)); // with parameters
  String text = stringToSign(r);
  r.signature = signatureOf(r, textOf(given.secret), text);
  Signed signed = new Signed();
  signed.text = bytesOf(text);
  signed.url = given.url;
  String target = withParameters(r.target, signatureParameters(r)); // with parameters
  signed.url = r.origin + new String(bytesOf(target), StandardCharsets.UTF_8); // with parameters
  for (Field field : addedHeaders(r)) if (!field.value.isEmpty()) signed.headers.put(field.name, field.value);
  return signed;
}


/** Whether to send a request once more. The server may have carried out another one, such as a POST. */
private static boolean mayRetry(String method, int status) {
  boolean idempotent = List.of("GET", "HEAD", "OPTIONS", "PUT", "DELETE").contains(method.toUpperCase(Locale.ROOT));
  return idempotent && (status == 502 || status == 503 || status == 504);
}


/** Sends a request with the HttpClient of the JDK. Signs every attempt anew, and follows no redirect. */
public static HttpResponse<byte[]> send(Request r) throws Exception {
  HttpClient client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).version(HttpClient.Version.HTTP_1_1).build();
  for (int attempt = 1; ; attempt++) {
    Signed signed = sign(r);
    HttpRequest.BodyPublisher body = r.body.length == 0 ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(r.body);
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(signed.url)).method(r.method, body).timeout(Duration.ofSeconds(30));
    for (Field field : r.headers) request.header(field.name, field.value);
    signed.headers.forEach(request::header);
    HttpResponse<byte[]> response = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    if (!mayRetry(r.method, response.statusCode()) || attempt >= 3) return response;
    Thread.sleep(200L * attempt);
  }
}
