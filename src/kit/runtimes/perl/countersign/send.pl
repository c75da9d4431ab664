sub name_of {
    my ($parameter) = @_;
    my ($name) = split /=/, $parameter, 2;
    $name = ($name // '') =~ tr/+/ /r;
    return $name =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ger;
}


sub without_parameters {
    my ($target, $names) = @_;
    my ($path, $query) = split /\?/, $target, 2;
    my @all = split /&/, $query // '', -1;
    my @kept = grep { my $name = name_of($_); !grep { $_ eq $name } @$names } @all;
    return $target if @kept == @all;
    return @kept ? "$path?" . join('&', @kept) : $path;
}


sub with_parameters {
    my ($target, $added) = @_;
    my ($path, $query) = split /\?/, $target, 2;
    my @all = (length($query // '') ? $query : (), map { "$_->[0]=$_->[1]" } grep { length $_->[1] } @$added);
    return @all ? "$path?" . join('&', @all) : $path;
}


# Returns the headers to add, as pairs, the string to sign, and the URL to send. headers: pairs of name and value, as sent; texts
# are bytes. Options: time (seconds since 1970), nonce, signed_headers, session_token, challenge.
sub sign {
    my ($method, $url, $headers, $body, $access_key, $secret, %options) = @_;
    my $r = prepare($method, $url, $headers, $body, $access_key, %options);
    $r->{target} = without_parameters($r->{target}, $own_parameters); # with parameters
    $r->{target} = with_parameters($r->{target}, signed_parameters($r)); # with parameters
    my $text = string_to_sign($r);
    $r->{signature} = signature_of($r, $secret, $text);
    $url = $r->{origin} . with_parameters($r->{target}, signature_parameters($r)); # with parameters
    return ([grep { length $_->[1] } @{ added_headers($r) }], $text, $url);
}


# Whether to send a request once more. The server may have carried out another one, such as a POST.
sub may_retry {
    my ($method, $status) = @_;
    return $status =~ /^50[234]$/ && $method =~ /^(?:GET|HEAD|OPTIONS|PUT|DELETE)$/i;
}


# Sends a request with HTTP::Tiny. Signs every attempt anew, and follows no redirect.
sub send_request {
    my ($method, $url, $headers, $body, $access_key, $secret, %options) = @_;
    # A connection that is kept is tried a second time, with the same nonce.
    my $http = HTTP::Tiny->new(max_redirect => 0, keep_alive => 0, timeout => 30, verify_SSL => 1);
    my $response;
    for my $attempt (1 .. 3) {
        my ($added, undef, $signed_url) = sign($method, $url, $headers, $body, $access_key, $secret, %options);
        die "A header is one line.\n" if grep { "$_->[0]$_->[1]" =~ /[\r\n\0]/ } @$headers, @$added;
        my %fields;
        push @{ $fields{ lc $_->[0] } }, $_->[1] for @$headers;
        $fields{ lc $_->[0] } = $_->[1] for @$added;
        # Without a content type HTTP::Tiny adds one to a body, which would not be signed.
        die "Give a Content-Type with a body.\n" if length $body && !$fields{'content-type'};
        $response = $http->request($method, $signed_url, { headers => \%fields, length $body ? (content => $body) : () });
        last unless may_retry($method, $response->{status}) && $attempt < 3;
        select undef, undef, undef, 0.2 * $attempt;
    }
    return $response;
}
