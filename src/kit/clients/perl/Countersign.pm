# Signs requests with countersign-v1: see protocol.md. Perl 5.14 or later, core modules only. Copy this file.
package Countersign;
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256_hex sha256);
use HTTP::Tiny;
use MIME::Base64 qw(encode_base64);

my @modifiers = qw(content-encoding content-range idempotency-key if-match if-modified-since if-none-match if-range
    if-unmodified-since range);
my $not_signable = qr/^(?:x-api-.*|content-(?:type|digest|length)|host|connection|transfer-encoding|te|trailer|upgrade|keep-alive|accept-encoding|set-cookie)\z/s;

# Writes path and query with one spelling of each escape.
sub normalise {
    my ($target) = @_;
    $target = "/$target" unless $target =~ m{^/};
    chop $target if index($target, '?') == length($target) - 1;
    $target =~ s{%([0-9A-Fa-f]{2})|([^A-Za-z0-9._~!\$&'()*+,;=:@/?\[\]-])}{
        my $byte = defined $1 ? chr hex $1 : '';
        $byte =~ /^[A-Za-z0-9._~-]\z/ ? $byte : defined $1 ? '%' . uc $1 : sprintf '%%%02X', ord $2
    }ges;
    return $target;
}

sub trim { my ($text) = @_; $text =~ s/^[ \t]+//; $text =~ s/[ \t]+\z//; return $text }

# Returns the value of a header as it is signed; undef without it.
sub value_of {
    my ($headers, $name) = @_;
    my @values = map { trim($_->[1]) } grep { lc $_->[0] eq $name } @$headers;
    return undef unless @values;
    my $value = trim(join ', ', @values);
    die "$name is not printable ASCII\n" unless $value =~ /^[\t -~]*\z/;
    return $value;
}

sub digest_of { my ($body) = @_; return length $body ? 'sha-256=:' . encode_base64(sha256($body), '') . ':' : '' }
sub mac_of { my ($secret, $text) = @_; return 'v1=' . hmac_sha256_hex($text, $secret) }

sub random_nonce {
    open my $random, '<:raw', '/dev/urandom' or die "There is no /dev/urandom.\n";
    read $random, my $bytes, 16;
    return unpack 'H*', $bytes;
}

# Returns the headers to add, as pairs, and the string to sign. headers: pairs of name and value, as sent; texts are bytes.
# Options: time (seconds since 1970), nonce, signed_headers, unsigned_body.
sub sign {
    my ($method, $url, $headers, $body, $access_key, $secret, %options) = @_;
    my ($scheme, $host, $target) = $url =~ m{^(https?)://([^/?#]*)([^#]*)}is or die "The URL must be absolute.\n";
    die "The URL has a user name.\n" if $host =~ /@/;
    die "The host must be printable ASCII, without blanks.\n" unless $host =~ /^[!-~]*\z/;
    my $time = $options{time} // time;
    my $nonce = $options{nonce} // random_nonce();
    die "The method is not a token.\n" unless $method =~ /^[\w!#\$%&'*+.^`|~-]{1,64}\z/a;
    die "A nonce has 16 to 128 of A-Z a-z 0-9 _ -\n" unless $nonce =~ /^[\w-]{16,128}\z/a;
    die "The access key is malformed.\n" unless $access_key =~ /^[\w.~-]{1,512}\z/a;
    $host = lc $host;
    lc $scheme eq 'https' ? $host =~ s/:443\z// : $host =~ s/:80\z//;
    my %names = map { lc $_ => 1 } @{ $options{signed_headers} // [] }, grep { defined value_of($headers, $_) } @modifiers;
    my @names = sort keys %names;
    my $digest = $options{unsigned_body} ? '' : digest_of($body);
    my @lines = ('countersign-v1-request', $access_key, $time, $nonce, uc $method, $host, normalise($target));
    push @lines, value_of($headers, 'content-type') // '', $options{unsigned_body} ? 'unsigned' : $digest;
    for my $name (@names) {
        die "$name cannot be signed.\n" if $name !~ /^[a-z0-9!#\$%&'*+.^_`|~-]+\z/ || $name =~ $not_signable;
        push @lines, "$name:" . (value_of($headers, $name) // die "The request lacks $name\n");
    }
    my $text = join "\n", @lines;
    my @added = (['X-API-Key', $access_key], ['X-API-Timestamp', $time], ['X-API-Nonce', $nonce]);
    push @added, ['Content-Digest', $digest] if length $digest;
    push @added, ['X-API-Payload', 'unsigned'] if $options{unsigned_body};
    push @added, ['X-API-Signed-Headers', join ';', @names] if @names;
    push @added, ['X-API-Signature', mac_of($secret, $text)];
    return (\@added, $text);
}

# Whether a response is countersigned. signature: X-API-Signature of the request; response: of HTTP::Tiny.
sub response_is_signed {
    my ($signature, $secret, $response) = @_;
    my @headers = map { my $name = $_; map { [$name, $_] } ref $response->{headers}{$name} ? @{ $response->{headers}{$name} } : $response->{headers}{$name} } keys %{ $response->{headers} };
    my $read = sub { value_of(\@headers, $_[0]) // '' };
    my $digest = digest_of($response->{content});
    my @lines = ('countersign-v1-response', $signature, $read->('x-api-timestamp'), $response->{status}, $read->('content-type'), $digest);
    for my $name (qw(content-range location)) { push @lines, "$name:" . $read->($name) if defined value_of(\@headers, $name) }
    # The MACs of both are compared, so that the time tells nothing of the expected one.
    my $fits = mac_of($secret, mac_of($secret, join "\n", @lines)) eq mac_of($secret, $read->('x-api-signature'));
    return $fits && $read->('x-api-timestamp') =~ /^[0-9]{1,12}\z/ && $digest eq $read->('unencoded-digest');
}

# Whether to send a request once more. The server may have carried out another one, such as a POST.
sub may_retry {
    my ($method, $headers, $status) = @_;
    my $idempotent = $method =~ /^(?:GET|HEAD|OPTIONS|PUT|DELETE)$/i || defined value_of($headers, 'idempotency-key');
    return $status =~ /^50[234]$/ && $idempotent;
}

# Sends a request with HTTP::Tiny. Signs every attempt anew, and follows no redirect.
sub send_request {
    my ($method, $url, $headers, $body, $access_key, $secret, %options) = @_;
    # A connection that is kept is tried a second time, with the same nonce.
    my $http = HTTP::Tiny->new(max_redirect => 0, keep_alive => 0, timeout => 30, verify_SSL => 1);
    my ($response, $signature);
    for my $attempt (1 .. 3) {
        my ($added) = sign($method, $url, $headers, $body, $access_key, $secret);
        die "A header is one line.\n" if grep { "$_->[0]$_->[1]" =~ /[\r\n\0]/ } @$headers;
        my %fields;
        push @{ $fields{ lc $_->[0] } }, $_->[1] for @$headers;
        $fields{ lc $_->[0] } = $_->[1] for @$added;
        $signature = $fields{'x-api-signature'};
        # Without a content type HTTP::Tiny adds one to a body, which would not be signed.
        die "Give a Content-Type with a body.\n" if length $body && !defined value_of($headers, 'content-type');
        $response = $http->request($method, $url, { headers => \%fields, length $body ? (content => $body) : () });
        last unless may_retry($method, $headers, $response->{status}) && $attempt < 3;
        select undef, undef, undef, 0.2 * $attempt;
    }
    die "The response is not countersigned.\n" if $options{check_response} && !response_is_signed($signature, $secret, $response);
    return $response;
}

1;
