function lowerAscii(text) {
  return text.replace(/[A-Z]+/g, (found) => found.toLowerCase());
}


function upperAscii(text) {
  return text.replace(/[a-z]+/g, (found) => found.toUpperCase());
}


function trimAscii(text) {
  return text.replace(/^[\t\n\v\f\r ]+/, '').replace(/[\t\n\v\f\r ]+$/, '');
}


function collapseAscii(text) {
  return text.replace(/[\t\n\v\f\r ]+/g, ' ');
}


function upTo(text, end) {
  return text.split(end)[0];
}


function truncateText(text, length) {
  const characters = [...Buffer.from(text, 'latin1').toString()];
  return bytesOf(characters.slice(0, length).join(''));
}


function truncateBytes(value, length) {
  return value.slice(0, length);
}


function splitPath(text) {
  return text.split('/').map((segment) => [segment]);
}


function splitQuery(text) {
  return text.split('&').map((pair) => {
    const end = pair.indexOf('=');
    return end < 0 ? [pair] : [pair.slice(0, end), pair.slice(end + 1)];
  });
}


function joinPath(pieces) {
  return pieces.map((piece) => piece.join('=')).join('/');
}


function joinQuery(pieces) {
  return pieces.map((piece) => piece.join('=')).join('&');
}


function eachPiece(pieces, change) {
  return pieces.map((piece) => piece.map(change));
}


function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}


function sortByValue(pieces) {
  return [...pieces].sort(([a, x = ''], [b, y = '']) => compare(a, b) || compare(x, y));
}


function sortByName(pieces) {
  return [...pieces].sort(([a], [b]) => compare(a, b));
}


function sortByText(pieces) {
  return [...pieces].sort((a, b) => compare(a.join('='), b.join('=')));
}


function percentDecode(text) {
  check(!/%(?![\dA-Fa-f]{2})/.test(text), 'A value contains a % that begins no escape.');
  const decoded = text.replace(/%(..)/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
  const bytes = Buffer.from(decoded, 'latin1');
  check(Buffer.from(bytes.toString()).equals(bytes), 'A value contains escapes that are not UTF-8.');
  check(!/[\x00-\x1f\x7f]/.test(decoded), 'A value contains a control character.');
  return decoded;
}


function rfc3986(text) {
  return text.replace(/[^\w.~-]/g, (found) => {
    const digits = found.charCodeAt(0).toString(16).toUpperCase();
    return `%${digits.padStart(2, '0')}`;
  });
}


function formEncode(text) {
  return rfc3986(text).replaceAll('%20', '+').replaceAll('%2A', '*').replaceAll('~', '%7E');
}


function fromAfter(text, start) {
  const found = text.indexOf(start);
  return found < 0 ? '' : text.slice(found + start.length);
}


function mergeValues(pieces, separator) {
  const merged = new Map();
  for (const [name, ...values] of pieces) merged.set(name, [...(merged.get(name) ?? []), ...values]);
  return [...merged].map(([name, values]) => (values.length ? [name, values.join(separator)] : [name]));
}


function joinPairs(pieces, separator) {
  return pieces.map((piece) => piece.join('=')).join(separator);
}
