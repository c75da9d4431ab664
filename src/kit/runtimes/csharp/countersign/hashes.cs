private static string HashOf(HashAlgorithm hash, string value)
{
    using (hash) return TextOf(hash.ComputeHash(BytesOf(value)));
}


private static string Sha256Of(string value) { return HashOf(SHA256.Create(), value); }


private static string Sha384Of(string value) { return HashOf(SHA384.Create(), value); }


private static string Sha512Of(string value) { return HashOf(SHA512.Create(), value); }


private static string Sha1Of(string value) { return HashOf(SHA1.Create(), value); }


private static string Md5Of(string value) { return HashOf(MD5.Create(), value); }


private static string HexOf(string value) { return string.Concat(value.Select(one => ((int)one).ToString("x2"))); }


private static string HexUpper(string value) { return HexOf(value).ToUpperInvariant(); }


private static string Base64Of(string value) { return Convert.ToBase64String(BytesOf(value)); }


private static string Base64urlOf(string value) { return Base64Of(value).Replace('+', '-').Replace('/', '_').TrimEnd('='); }


private static string Base64OfHex(string value) { return Base64Of(HexOf(value)); }


private static string FromHex(string secret)
{
    Check(Regex.IsMatch(secret, "^([0-9A-Fa-f]{2})*\\z"), "The secret is not hex.");
    return string.Concat(Enumerable.Range(0, secret.Length / 2).Select(i => (char)Convert.ToInt32(secret.Substring(2 * i, 2), 16)));
}


private static string FromBase64(string secret)
{
    string digits = secret.TrimEnd('=');
    Check(Regex.IsMatch(digits, "^[A-Za-z0-9+/]*\\z") && digits.Length % 4 != 1, "The secret is not base64.");
    return TextOf(Convert.FromBase64String(digits + new string('=', (4 - digits.Length % 4) % 4)));
}


private static string FromBase64url(string secret) { return FromBase64(secret.Replace('-', '+').Replace('_', '/')); }


private static string Mac(string hash, string key, string data)
{
    byte[] secret = BytesOf(key);
    HMAC mac = hash == "sha1" ? new HMACSHA1(secret)
        : hash == "sha256" ? new HMACSHA256(secret)
        : hash == "sha384" ? (HMAC)new HMACSHA384(secret) : new HMACSHA512(secret);
    return HashOf(mac, data);
}
