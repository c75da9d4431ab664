# perl kit.pl check ../../vectors/plain/*
# perl kit.pl call POST http://127.0.0.1:9400/orders application/json '{"sku":"A-1"}'
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Countersign;
use JSON::PP;

sub slurp { my ($path) = @_; open my $file, '<:raw', $path or die "$path: $!"; local $/; return scalar <$file> // '' }

sub check {
    my ($folder) = @_;
    my @headers = map { [split /:/, $_, 2] } grep { length } split /\n/, slurp("$folder/headers");
    my ($added, $text, $url) = Countersign::sign(
        slurp("$folder/method"), slurp("$folder/url"), \@headers, slurp("$folder/body"), slurp("$folder/access-key"), slurp("$folder/secret"),
        time => slurp("$folder/time"), nonce => slurp("$folder/nonce"),
        signed_headers => [split /\n/, slurp("$folder/signed-headers")],
        challenge => -e "$folder/challenge" ? slurp("$folder/challenge") : undef,
    );
    # A string that is no text is compared by its signature.
    return 'string-to-sign' if -e "$folder/string-to-sign" && $text ne slurp("$folder/string-to-sign");
    return join('', map { "$_->[0]: $_->[1]\n" } @$added) eq slurp("$folder/added-headers") && $url eq slurp("$folder/sent-url") ? undef : 'added-headers or sent-url';
}

sub call {
    my ($method, $url, $type, $body) = @_;
    my $credentials = decode_json(slurp($ENV{COUNTERSIGN_CREDENTIALS} // '../../credentials.json'));
    $body //= '';
    my $response = Countersign::send_request(
        $method, $url, length($type // '') ? [['Content-Type', $type]] : [], $body =~ /^@(.*)/ ? slurp($1) : $body,
        $credentials->{accessKey}, $credentials->{secret},
    );
    print "$response->{status}\n$response->{content}\n";
    return $response->{status} =~ /^2/ ? 0 : 1;
}

my ($command, @given) = @ARGV;
exit call(@given) if $command eq 'call';
my $failed = 0;
for my $folder (@given) {
    my $problem = check($folder) or next;
    print "$folder: $problem\n";
    $failed++;
}
print @given - $failed, ' of ', scalar @given, " cases agree\n";
exit($failed ? 1 : 0);
