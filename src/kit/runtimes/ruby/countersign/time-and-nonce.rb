def seconds_of(time)
  time.to_f.floor.to_s
end


def milliseconds_of(time)
  (time.to_f * 1000).floor.to_s
end


def calendar(time, part)
  at = Time.at((time.to_f * 1000).round.to_r / 1000).utc
  forms = { 'YYYY' => '%Y', 'MM' => '%m', 'MMM' => '%b', 'mmm' => '%b', 'DD' => '%d', 'ddd' => '%a', 'HH' => '%H', 'mm' => '%M', 'ss' => '%S' }
  made = at.strftime(forms.fetch(part, '%L'))
  part == 'mmm' ? made.downcase : made
end


def date_of(time, between)
  %w[YYYY MM DD].map { |part| calendar(time, part) }.join(between)
end


def fitting(nonce, form)
  check(nonce.match?(/\A#{form}\z/), 'The nonce cannot be written in the form of the scheme.')
  nonce
end


def uuid_of(nonce)
  found = nonce.match(/\A(\h{8})(\h{4})\h(\h{3})(\h)(\h{3})(\h{12})\z/)
  return nonce unless found

  a, b, c, variant, d, e = found.captures
  "#{a}-#{b}-4#{c}-#{'89ab'[variant.hex & 3]}#{d}-#{e}"
end


def digits_of(nonce)
  nonce.match?(/\A[0-9a-f]{32}\z/) && !nonce.match?(/\A\d+\z/) ? nonce.hex.to_s.reverse : nonce
end
