private static String hashOf(String name, String value) {
  try {
    return textOf(MessageDigest.getInstance(name).digest(bytesOf(value)));
  } catch (GeneralSecurityException e) {
    throw new IllegalStateException(e);
  }
}


private static String sha256Of(String value) {
  return hashOf("SHA-256", value);
}


private static String sha384Of(String value) {
  return hashOf("SHA-384", value);
}


private static String sha512Of(String value) {
  return hashOf("SHA-512", value);
}


private static String sha1Of(String value) {
  return hashOf("SHA-1", value);
}


private static String md5Of(String value) {
  return hashOf("MD5", value);
}


private static String hexOf(String value) {
  StringBuilder made = new StringBuilder();
  for (char one : value.toCharArray()) made.append(String.format("%02x", (int) one));
  return made.toString();
}


private static String hexUpper(String value) {
  return hexOf(value).toUpperCase(Locale.ROOT);
}


private static String base64Of(String value) {
  return Base64.getEncoder().encodeToString(bytesOf(value));
}


private static String base64urlOf(String value) {
  return Base64.getUrlEncoder().withoutPadding().encodeToString(bytesOf(value));
}


private static String base64OfHex(String value) {
  return base64Of(hexOf(value));
}


private static String fromHex(String secret) {
  StringBuilder made = new StringBuilder();
  for (int i = 0; i + 1 < secret.length(); i += 2) made.append((char) Integer.parseInt(secret.substring(i, i + 2), 16));
  return made.toString();
}


private static String fromBase64(String secret) {
  return textOf(Base64.getDecoder().decode(secret));
}


private static String fromBase64url(String secret) {
  return textOf(Base64.getUrlDecoder().decode(secret));
}


private static String mac(String hash, String key, String data) {
  String algorithm = "Hmac" + hash.toUpperCase(Locale.ROOT);
  try {
    Mac mac = Mac.getInstance(algorithm);
    mac.init(new SecretKeySpec(bytesOf(key), algorithm));
    return textOf(mac.doFinal(bytesOf(data)));
  } catch (GeneralSecurityException e) {
    throw new IllegalStateException(e);
  }
}
