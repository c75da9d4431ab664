func hashOf(hash hash.Hash, value string) string {
	hash.Write([]byte(value))
	return string(hash.Sum(nil))
}


func sha256Of(value string) string {
	return hashOf(sha256.New(), value)
}


func sha384Of(value string) string {
	return hashOf(sha512.New384(), value)
}


func sha512Of(value string) string {
	return hashOf(sha512.New(), value)
}


func sha1Of(value string) string {
	return hashOf(sha1.New(), value)
}


func md5Of(value string) string {
	return hashOf(md5.New(), value)
}


func hexOf(value string) string {
	return hex.EncodeToString([]byte(value))
}


func hexUpper(value string) string {
	return strings.ToUpper(hexOf(value))
}


func base64Of(value string) string {
	return base64.StdEncoding.EncodeToString([]byte(value))
}


func base64urlOf(value string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(value))
}


func base64OfHex(value string) string {
	return base64Of(hexOf(value))
}


func fromHex(secret string) string {
	decoded, err := hex.DecodeString(secret)
	check(err == nil, "the secret is not hex")
	return string(decoded)
}


func fromBase64(secret string) string {
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(secret, "="))
	check(err == nil, "the secret is not base64")
	return string(decoded)
}


func fromBase64url(secret string) string {
	decoded, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(secret, "="))
	check(err == nil, "the secret is not base64url")
	return string(decoded)
}


func mac(algorithm, key, data string) string {
	hashes := map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}
	keyed := hmac.New(hashes[algorithm], []byte(key))
	keyed.Write([]byte(data))
	return string(keyed.Sum(nil))
}
