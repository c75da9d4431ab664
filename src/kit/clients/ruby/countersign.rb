# Signs requests with countersign-v1: see protocol.md. Ruby 2.7 or later, standard library only. Copy this file.
require 'digest'
require 'net/http'
require 'openssl'
require 'securerandom'
require 'uri'

module Countersign
  MODIFIERS = %w[content-encoding content-range idempotency-key if-match if-modified-since if-none-match if-range
                 if-unmodified-since range].freeze
  NOT_SIGNABLE = /\A(x-api-.*|content-(type|digest|length)|host|connection|transfer-encoding|te|trailer|upgrade|keep-alive|accept-encoding|set-cookie)\z/
  Refused = Class.new(StandardError)

  module_function

  def check(condition, problem)
    raise Refused, problem unless condition
  end

  # Writes path and query with one spelling of each escape.
  def normalise(target)
    target = target.b
    target = "/#{target}" unless target.start_with?('/')
    target = target.chop if target.index('?') == target.length - 1
    target.gsub(%r{%(\h\h)|[^A-Za-z0-9._~!$&'()*+,;=:@/?\[\]-]}n) do |found|
      escaped = Regexp.last_match(1)
      byte = escaped ? escaped.hex.chr : ''
      next byte if byte.match?(/\A[A-Za-z0-9._~-]\z/n)

      escaped ? found.upcase : format('%%%02X', found.ord)
    end
  end

  # Returns the value of a header as it is signed; nil without it.
  def value_of(headers, name)
    values = headers.select { |key, _| key.downcase == name }.map { |_, value| trim(value) }
    value = values.empty? ? nil : trim(values.join(', '))
    check(value.nil? || value.b.match?(/\A[\t -~]*\z/n), "#{name} is not printable ASCII")
    value
  end

  def trim(text)
    text.sub(/\A[ \t]+/, '').sub(/[ \t]+\z/, '')
  end

  def digest_of(body)
    body.empty? ? '' : "sha-256=:#{[Digest::SHA256.digest(body)].pack('m0')}:"
  end

  def mac_of(secret, text)
    "v1=#{OpenSSL::HMAC.hexdigest('SHA256', secret, text)}"
  end

  # Returns the headers to add, and the string to sign. headers: pairs of name and value, as sent. time: seconds since 1970.
  def sign(method, url, headers, body, access_key, secret, time: Time.now.to_i, nonce: SecureRandom.hex(16), signed_headers: [], unsigned_body: false)
    parts = url.b.match(%r{\A(https?)://([^/?#]*)([^#]*)}inm)
    check(parts && !parts[2].include?('@'), 'The URL must be absolute, without a user name.')
    check(parts[2].match?(/\A[!-~]*\z/n), 'The host must be printable ASCII, without blanks.')
    check(method.match?(/\A[\w!#$%&'*+.^`|~-]{1,64}\z/), 'The method is not a token.')
    check(nonce.match?(/\A[\w-]{16,128}\z/), 'A nonce has 16 to 128 of A-Z a-z 0-9 _ -')
    check(access_key.match?(/\A[\w.~-]{1,512}\z/), 'The access key is malformed.')
    authority = parts[2].downcase.sub(parts[1].downcase == 'https' ? /:443\z/ : /:80\z/, '')
    names = (signed_headers.map(&:downcase) | MODIFIERS.reject { |name| value_of(headers, name).nil? }).sort
    digest = unsigned_body ? '' : digest_of(body)
    lines = ['countersign-v1-request', access_key, time.to_s, nonce, method.upcase, authority]
    lines += [normalise(parts[3]), value_of(headers, 'content-type') || '', unsigned_body ? 'unsigned' : digest]
    names.each do |name|
      check(name.match?(/\A[a-z0-9!#$%&'*+.^_`|~-]+\z/) && !name.match?(NOT_SIGNABLE), "#{name} cannot be signed.")
      check(value_of(headers, name), "The request lacks #{name}")
      lines << "#{name}:#{value_of(headers, name)}"
    end
    text = lines.join("\n")
    added = { 'X-API-Key' => access_key, 'X-API-Timestamp' => time.to_s, 'X-API-Nonce' => nonce }
    added['Content-Digest'] = digest unless digest.empty?
    added['X-API-Payload'] = 'unsigned' if unsigned_body
    added['X-API-Signed-Headers'] = names.join(';') unless names.empty?
    [added.merge('X-API-Signature' => mac_of(secret, text)), text]
  end

  # Whether a response is countersigned. signature: X-API-Signature of the request.
  def response_signed?(signature, secret, status, headers, body)
    read = ->(name) { value_of(headers, name) || '' }
    digest = digest_of(body)
    lines = ['countersign-v1-response', signature, read['x-api-timestamp'], status.to_s, read['content-type'], digest]
    %w[content-range location].each { |name| lines << "#{name}:#{read[name]}" if value_of(headers, name) }
    expected = mac_of(secret, lines.join("\n"))
    received = read['x-api-signature']
    received.bytesize == expected.bytesize && OpenSSL.fixed_length_secure_compare(expected, received) &&
      read['x-api-timestamp'].match?(/\A\d{1,12}\z/) && digest == read['unencoded-digest']
  end

  # Whether to send a request once more. The server may have carried out another one, such as a POST.
  def may_retry?(method, headers, status)
    named = headers.any? { |name, _| name.downcase == 'idempotency-key' }
    %w[502 503 504].include?(status) && (named || %w[GET HEAD OPTIONS PUT DELETE].include?(method.upcase))
  end

  # Sends a request with Net::HTTP. Signs every attempt anew, and follows no redirect.
  def send_request(method, url, headers, body, access_key, secret, check_response: false)
    scheme, host, target = url.match(%r{\A(https?)://([^/?#]*)([^#]*)}).captures
    origin = URI("#{scheme}://#{host}")
    response = nil
    signature = nil
    3.times do |attempt|
      added, = sign(method, url, headers, body, access_key, secret)
      signature = added['X-API-Signature']
      request = Net::HTTPGenericRequest.new(method, !body.empty?, method != 'HEAD', target.start_with?('/') ? target : "/#{target}")
      # Otherwise Net::HTTP decodes what it has asked for, and adds a content type that is not signed.
      request['Accept-Encoding'] = 'identity'
      check(headers.none? { |name, value| "#{name}#{value}".b.match?(/[\r\n\0]/n) }, 'A header is one line.')
      # What Net::HTTP has set itself is replaced; a name that the caller repeats is sent with all its values.
      headers.each { |name, _| request.delete(name) }
      headers.each { |name, value| request.add_field(name, value) }
      added.each { |name, value| request[name] = value }
      request.body = body unless body.empty?
      request.delete('Content-Type') unless headers.any? { |name, _| name.downcase == 'content-type' }
      http = Net::HTTP.new(origin.hostname, origin.port)
      http.use_ssl = scheme == 'https'
      # Its own retry would send one nonce twice.
      http.max_retries = 0
      response = http.start { |started| started.request(request) }
      # Net::HTTP takes a body that is cut for whole.
      whole = response.content_length.nil? || response.body.nil? || response.body.bytesize == response.content_length
      check(whole, 'The response is cut.')
      break unless may_retry?(method, headers, response.code) && attempt < 2

      sleep(0.2 * (attempt + 1))
    end
    fits = !check_response || response_signed?(signature, secret, response.code, response.each_header.to_a, response.body.to_s)
    check(fits, 'The response is not countersigned.')
    response
  end
end
