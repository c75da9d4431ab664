# ruby kit.rb check ../../vectors/plain/*
# ruby kit.rb call POST http://127.0.0.1:9400/orders application/json '{"sku":"A-1"}'
require 'json'
require_relative 'countersign'

def check(folder)
  read = ->(name) { File.read("#{folder}/#{name}", encoding: 'UTF-8') }
  added, text, url = Countersign.sign(
    read['method'], read['url'], read['headers'].lines(chomp: true).map { |line| line.split(':', 2) },
    File.binread("#{folder}/body"), read['access-key'], File.binread("#{folder}/secret"),
    time: read['time'], nonce: read['nonce'], signed_headers: read['signed-headers'].lines(chomp: true),
    challenge: File.exist?("#{folder}/challenge") ? read['challenge'] : nil
  )
  # A string that is no text is compared by its signature.
  is_text = File.exist?("#{folder}/string-to-sign")
  return 'string-to-sign' if is_text && text.b != read['string-to-sign'].b

  made = added.map { |name, value| "#{name}: #{value}\n" }.join
  return 'added-headers' unless made.b == read['added-headers'].b

  url.b == read['sent-url'].b ? nil : 'sent-url'
end

def call(method, url, type = '', body = '')
  credentials = JSON.parse(File.read(ENV.fetch('COUNTERSIGN_CREDENTIALS', '../../credentials.json')))
  response = Countersign.send_request(
    method, url, type.empty? ? [] : [['Content-Type', type]], body.start_with?('@') ? File.binread(body[1..]) : body,
    credentials['accessKey'], credentials['secret']
  )
  puts response.code, response.body
  response.code.start_with?('2')
end

command, *given = ARGV
exit(call(*given)) if command == 'call'
failed = given.map { |folder| [folder, check(folder)] }.select { |_, problem| problem }
failed.each { |folder, problem| puts "#{folder}: #{problem}" }
puts "#{given.length - failed.length} of #{given.length} cases agree"
exit(failed.empty?)
