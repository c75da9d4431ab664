function secondsOf(time) {
  return `${Math.floor(time)}`;
}


function millisecondsOf(time) {
  return `${Math.floor(time * 1000)}`;
}


const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];


const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];


function calendar(time, part) {
  const at = new Date(Math.round(time * 1000));
  const month = months[at.getUTCMonth()];
  const [YYYY, MM, DD, HH, mm, ss, SSS] = at.toISOString().split(/\D/);
  const names = { MMM: month, mmm: month.toLowerCase(), ddd: weekdays[at.getUTCDay()], fraction: SSS };
  return { YYYY, MM, DD, HH, mm, ss, SSS, ...names }[part];
}


function dateOf(time, between) {
  return ['YYYY', 'MM', 'DD'].map((part) => calendar(time, part)).join(between);
}


function fitting(nonce, form) {
  check(new RegExp(`^${form}$`).test(nonce), 'The nonce cannot be written in the form of the scheme.');
  return nonce;
}


function uuidOf(nonce) {
  const form = /^([\da-f]{8})([\da-f]{4})[\da-f]([\da-f]{3})([\da-f])([\da-f]{3})([\da-f]{12})$/;
  return nonce.replace(form, (_, a, b, c, variant, d, e) => {
    return `${a}-${b}-4${c}-${'89ab'[Number.parseInt(variant, 16) & 3]}${d}-${e}`;
  });
}


function digitsOf(nonce) {
  const isHex = /^[\da-f]{32}$/.test(nonce) && !/^\d+$/.test(nonce);
  return isHex ? [...`${BigInt(`0x${nonce}`)}`].reverse().join('') : nonce;
}
