def name_of(parameter)
  URI.decode_www_form_component(parameter.partition('=')[0])
rescue ArgumentError
  parameter.partition('=')[0]
end


def without_parameters(target, names)
  path, _, query = target.partition('?')
  all = query.split('&', -1)
  kept = all.reject { |parameter| names.include?(name_of(parameter)) }
  return target if kept.length == all.length

  kept.empty? ? path : "#{path}?#{kept.join('&')}"
end


def with_parameters(target, added)
  path, _, query = target.partition('?')
  all = query.empty? ? [] : [query]
  added.each { |name, value| all << "#{name}=#{value}" unless value.empty? }
  all.empty? ? path : "#{path}?#{all.join('&')}"
end


# Returns the headers to add, the string to sign, and the URL to send. headers: pairs of name and value, as sent.
# Options: time (seconds since 1970), nonce, signed_headers, session_token, challenge.
def sign(method, url, headers, body, access_key, secret, **options)
  r = prepare(method, url, headers, body, access_key, options)
  r[:target] = without_parameters(r[:target], own_parameters) # with parameters
  r[:target] = with_parameters(r[:target], signed_parameters(r)) # with parameters
  text = string_to_sign(r)
  r[:signature] = signature_of(r, secret.b, text)
  url = r[:origin] + with_parameters(r[:target], signature_parameters(r)) # with parameters
  [added_headers(r).reject { |_, value| value.empty? }.to_h, text, url]
end


# Whether to send a request once more. The server may have carried out another one, such as a POST.
def may_retry?(method, status)
  %w[502 503 504].include?(status) && %w[GET HEAD OPTIONS PUT DELETE].include?(method.upcase)
end


# Sends a request with Net::HTTP. Signs every attempt anew, and follows no redirect.
def send_request(method, url, headers, body, access_key, secret, **options)
  response = nil
  3.times do |attempt|
    added, _, signed_url = sign(method, url, headers, body, access_key, secret, **options)
    scheme, host, target = signed_url.match(%r{\A(https?)://([^/?#]*)([^#]*)}i).captures
    origin = URI("#{scheme}://#{host}")
    request = Net::HTTPGenericRequest.new(method, !body.empty?, method != 'HEAD', target.start_with?('/') ? target : "/#{target}")
    # Otherwise Net::HTTP decodes what it has asked for, and adds a content type that is not signed.
    request['Accept-Encoding'] = 'identity'
    all = headers.to_a + added.to_a
    check(all.none? { |name, value| "#{name}#{value}".b.match?(/[\r\n\0]/n) }, 'A header is one line.')
    # What Net::HTTP has set itself is replaced; a name that the caller repeats is sent with all its values.
    headers.each { |name, _| request.delete(name) }
    headers.each { |name, value| request.add_field(name, value) }
    added.each { |name, value| request[name] = value }
    request.body = body unless body.empty?
    request.delete('Content-Type') unless all.any? { |name, _| name.downcase == 'content-type' }
    http = Net::HTTP.new(origin.hostname, origin.port)
    http.use_ssl = scheme.downcase == 'https'
    # Its own retry would send one nonce twice.
    http.max_retries = 0
    response = http.start { |started| started.request(request) }
    # Net::HTTP takes a body that is cut for whole.
    whole = response.content_length.nil? || response.body.nil? || response.body.bytesize == response.content_length
    check(whole, 'The response is cut.')
    break unless may_retry?(method, response.code) && attempt < 2

    sleep(0.2 * (attempt + 1))
  end
  response
end
