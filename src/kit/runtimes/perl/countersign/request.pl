sub prepare {
    my ($method, $url, $headers, $body, $access_key, %options) = @_;
    my ($scheme, $host, $target) = $url =~ m{^(https?)://([^/?#]*)([^#]*)}is or die "The URL must be absolute.\n";
    die "The URL has a user name.\n" if $host =~ /@/;
    # Others are dropped or escaped when the URL is sent, and a line break could pass for the end of a field.
    die "The host and the target must be printable ASCII, without blanks.\n" unless "$host$target" =~ /^[!-~]*\z/;
    die "The method is not a token.\n" unless $method =~ /^[\w!#\$%&'*+.^`|~-]{1,64}\z/a;
    die "The challenge has characters that no server issues, or more than 512.\n" unless ($options{challenge} // '') =~ m{^[\w.~+/=-]{0,512}\z}a;
    my $authority = lc $host;
    lc $scheme eq 'https' ? $authority =~ s/:443\z// : $authority =~ s/:80\z//;
    my $time = $options{time} // Time::HiRes::time();
    my %names = map { lc $_ => 1 } @{ $options{signed_headers} // [] };
    $options{challenge} //= 'none'; # with challenge
    return {
        method => uc $method, scheme => lc $scheme, origin => "$scheme://$host", authority => $authority,
        target => $target =~ m{^/} ? $target : "/$target", headers => $headers, names => [sort keys %names],
        body => length $body ? $body : undef, access_key => $access_key, time => $time,
        timestamp => timestamp_of($time), nonce => nonce_of($options{nonce} // random_nonce()),
        session_token => $options{session_token}, challenge => $options{challenge}, signature => '',
    };
}


sub host_of { my ($r) = @_; return $r->{authority} =~ s/:[0-9]*\z//r }


sub port_of {
    my ($r) = @_;
    return $r->{authority} =~ /:([0-9]+)\z/ ? $1 : $r->{scheme} eq 'https' ? '443' : '80';
}


sub path_of { my ($r) = @_; return $r->{target} =~ s/\?.*//sr }


sub query_of { my ($r) = @_; return $r->{target} =~ /\?(.+)/s ? $1 : undef }


sub url_of { my ($r) = @_; return "$r->{scheme}://$r->{authority}$r->{target}" }


sub trim_blanks { my ($text) = @_; return $text =~ s/^[ \t]+//r =~ s/[ \t]+\z//r }


sub header_value {
    my ($r, $name) = @_;
    my @values = map { trim_blanks($_->[1]) } grep { lc $_->[0] eq $name } @{ $r->{headers} };
    return undef unless @values;
    my $value = trim_blanks(join ', ', @values);
    die "$name is not printable ASCII\n" unless $value =~ /^[\t -~]*\z/;
    return $value;
}


sub nothing { return undef }


sub needed { my ($value, $name) = @_; return $value // die "The request lacks $name\n" }


sub default_to { my ($value, $fallback) = @_; return $value // $fallback }


sub only_for { my ($r, $methods, $value) = @_; return (grep { $_ eq $r->{method} } @$methods) ? $value : undef }


sub chosen_names { my ($r, $separator) = @_; return @{ $r->{names} } ? join($separator, @{ $r->{names} }) : undef }


sub chosen_lines {
    my ($r) = @_;
    my @lines = map { line_of($_, needed(header_value($r, $_), $_)) } @{ $r->{names} };
    return @lines ? join('', @lines) : undef;
}
