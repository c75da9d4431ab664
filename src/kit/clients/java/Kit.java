// javac -d classes *.java
// java -cp classes Kit check ../../vectors/plain/*
// java -cp classes Kit call POST http://127.0.0.1:9400/orders application/json '{"sku":"A-1"}'

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

public final class Kit {
  private static String read(Path folder, String name) throws IOException {
    return Files.readString(folder.resolve(name));
  }

  private static String check(Path folder) throws Exception {
    Countersign.Request r = new Countersign.Request();
    List<Countersign.Field> headers = new ArrayList<>();
    for (String line : read(folder, "headers").split("\n")) {
      int at = line.indexOf(':');
      if (at > 0) headers.add(new Countersign.Field(line.substring(0, at), line.substring(at + 1)));
    }
    r.method = read(folder, "method");
    r.url = read(folder, "url");
    r.headers = headers;
    r.body = Files.readAllBytes(folder.resolve("body"));
    r.accessKey = read(folder, "access-key");
    r.secret = Files.readAllBytes(folder.resolve("secret"));
    r.time = read(folder, "time");
    r.nonce = read(folder, "nonce");
    r.signedHeaders = Arrays.stream(read(folder, "signed-headers").split("\n")).filter(one -> !one.isEmpty()).collect(Collectors.toList());
    r.unsignedBody = Files.exists(folder.resolve("unsigned-body"));
    boolean refused = Files.exists(folder.resolve("refused"));
    Countersign.Signed signed;
    try {
      signed = Countersign.sign(r);
    } catch (IllegalArgumentException e) {
      return refused ? null : "refused: " + e.getMessage();
    }
    if (refused) return "must be refused";
    if (!signed.text.equals(read(folder, "string-to-sign"))) return "string-to-sign";
    StringBuilder made = new StringBuilder();
    signed.headers.forEach((name, value) -> made.append(name).append(": ").append(value).append('\n'));
    return made.toString().equals(read(folder, "added-headers")) ? null : "added-headers";
  }

  private static String member(String json, String name) {
    Matcher found = Pattern.compile('"' + name + "\": *\"([^\"]*)\"").matcher(json);
    if (!found.find()) throw new IllegalArgumentException("The credentials lack " + name);
    return found.group(1);
  }

  private static int call(String[] given) throws Exception {
    String file = System.getenv().getOrDefault("COUNTERSIGN_CREDENTIALS", "../../credentials.json");
    String credentials = Files.readString(Path.of(file));
    Countersign.Request r = new Countersign.Request();
    r.method = given[1];
    r.url = given[2];
    if (given.length > 3 && !given[3].isEmpty()) r.headers = List.of(new Countersign.Field("Content-Type", given[3]));
    String body = given.length > 4 ? given[4] : "";
    r.body = body.startsWith("@") ? Files.readAllBytes(Path.of(body.substring(1))) : body.getBytes(StandardCharsets.UTF_8);
    r.accessKey = member(credentials, "accessKey");
    r.secret = member(credentials, "secret").getBytes(StandardCharsets.UTF_8);
    HttpResponse<byte[]> response = Countersign.send(r, System.getenv("COUNTERSIGN_CHECK_RESPONSE") != null);
    System.out.println(response.statusCode() + "\n" + new String(response.body(), StandardCharsets.UTF_8));
    return response.statusCode() / 100 == 2 ? 0 : 1;
  }

  public static void main(String[] given) throws Exception {
    if (given[0].equals("call")) System.exit(call(given));
    int failed = 0;
    for (int i = 1; i < given.length; i++) {
      String problem = check(Path.of(given[i]));
      if (problem == null) continue;
      System.out.println(given[i] + ": " + problem);
      failed++;
    }
    System.out.println(given.length - 1 - failed + " of " + (given.length - 1) + " cases agree");
    System.exit(failed == 0 ? 0 : 1);
  }
}
