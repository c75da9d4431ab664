def check(condition, problem)
  raise Refused, problem unless condition
end


def prepare(method, url, headers, body, access_key, options)
  parts = url.b.match(%r{\A(https?)://([^/?#]*)([^#]*)}inm)
  check(parts && !parts[2].include?('@'), 'The URL must be absolute, without a user name.')
  # Others are dropped or escaped when the URL is sent, and a line break could pass for the end of a field.
  check((parts[2] + parts[3]).match?(/\A[!-~]*\z/n), 'The host and the target must be printable ASCII, without blanks.')
  check(method.match?(/\A[\w!#$%&'*+.^`|~-]{1,64}\z/), 'The method is not a token.')
  check(options[:challenge].to_s.match?(%r{\A[\w.~+/=-]{0,512}\z}), 'The challenge has characters that no server issues, or more than 512.')
  scheme = parts[1].downcase
  options = { challenge: 'none' }.merge(options.compact) # with challenge
  time = (options[:time] || Time.now.to_f).to_s
  {
    method: method.upcase.b, scheme: scheme, origin: "#{parts[1]}://#{parts[2]}",
    authority: parts[2].downcase.sub(scheme == 'https' ? /:443\z/ : /:80\z/, ''),
    target: parts[3].start_with?('/') ? parts[3] : "/#{parts[3]}",
    headers: headers, names: (options[:signed_headers] || []).map(&:downcase).uniq.sort,
    body: body.empty? ? nil : body.b, access_key: access_key.b,
    time: time, timestamp: timestamp_of(time), nonce: nonce_of(options[:nonce] || SecureRandom.hex(16)),
    session_token: options[:session_token],
    challenge: options[:challenge], signature: ''
  }
end


def host_of(r)
  r[:authority].sub(/:\d*\z/, '')
end


def port_of(r)
  r[:authority][/:(\d+)\z/, 1] || (r[:scheme] == 'https' ? '443' : '80')
end


def path_of(r)
  r[:target].partition('?')[0]
end


def query_of(r)
  query = r[:target].partition('?')[2]
  query.empty? ? nil : query
end


def url_of(r)
  "#{r[:scheme]}://#{r[:authority]}#{r[:target]}"
end


def trim_blanks(text)
  text.sub(/\A[ \t]+/, '').sub(/[ \t]+\z/, '')
end


def header_value(r, name)
  values = r[:headers].select { |key, _| key.downcase == name }.map { |_, value| trim_blanks(value) }
  value = values.empty? ? nil : trim_blanks(values.join(', '))
  check(value.nil? || value.b.match?(/\A[\t -~]*\z/n), "#{name} is not printable ASCII")
  value
end


def nothing
  nil
end


def needed(value, name)
  check(!value.nil?, "The request lacks #{name}")
  value
end


def default_to(value, fallback)
  value.nil? ? fallback : value
end


def only_for(r, methods, value)
  methods.include?(r[:method]) ? value : nil
end


def chosen_names(r, separator)
  r[:names].empty? ? nil : r[:names].join(separator)
end


def chosen_lines(r)
  lines = r[:names].map { |name| line_of(name, needed(header_value(r, name), name)) }
  lines.empty? ? nil : lines.join
end
