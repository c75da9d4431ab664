function hashOf(name, value) {
  return createHash(name).update(value, 'latin1').digest('latin1');
}


function sha256Of(value) {
  return hashOf('sha256', value);
}


function sha384Of(value) {
  return hashOf('sha384', value);
}


function sha512Of(value) {
  return hashOf('sha512', value);
}


function sha1Of(value) {
  return hashOf('sha1', value);
}


function md5Of(value) {
  return hashOf('md5', value);
}


function hexOf(value) {
  return Buffer.from(value, 'latin1').toString('hex');
}


function hexUpper(value) {
  return hexOf(value).toUpperCase();
}


function base64Of(value) {
  return Buffer.from(value, 'latin1').toString('base64');
}


function base64urlOf(value) {
  return Buffer.from(value, 'latin1').toString('base64url');
}


function base64OfHex(value) {
  return base64Of(hexOf(value));
}


function fromHex(secret) {
  return Buffer.from(secret, 'hex').toString('latin1');
}


function fromBase64(secret) {
  return Buffer.from(secret, 'base64').toString('latin1');
}


function fromBase64url(secret) {
  return Buffer.from(secret, 'base64url').toString('latin1');
}


function mac(hash, key, data) {
  return createHmac(hash, Buffer.from(key, 'latin1')).update(data, 'latin1').digest('latin1');
}
