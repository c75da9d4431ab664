sub random_nonce {
    open my $random, '<:raw', '/dev/urandom' or die "There is no /dev/urandom.\n";
    read $random, my $bytes, 16;
    return unpack 'H*', $bytes;
}


sub seconds_of { my ($time) = @_; return sprintf '%d', $time }


sub milliseconds_of { my ($time) = @_; return sprintf '%d', $time * 1000 }


sub calendar {
    my ($time, $part) = @_;
    my $milliseconds = sprintf '%.0f', $time * 1000;
    my ($second, $minute, $hour, $day, $month, $year, $weekday) = gmtime(($milliseconds - $milliseconds % 1000) / 1000);
    my $name = (qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[$month];
    my %numbers = (MM => $month + 1, DD => $day, HH => $hour, mm => $minute, ss => $second);
    return sprintf '%02d', $numbers{$part} if exists $numbers{$part};
    return sprintf '%04d', $year + 1900 if $part eq 'YYYY';
    return $part eq 'mmm' ? lc $name : $name if lc $part eq 'mmm';
    return (qw(Sun Mon Tue Wed Thu Fri Sat))[$weekday] if $part eq 'ddd';
    return sprintf '%03d', $milliseconds % 1000;
}


sub date_of { my ($time, $between) = @_; return join $between, map { calendar($time, $_) } qw(YYYY MM DD) }


sub fitting { my ($nonce, $form) = @_; return $nonce =~ /^$form\z/ ? $nonce : die "The nonce cannot be written in the form of the scheme.\n" }


sub uuid_of {
    my ($nonce) = @_;
    my @p = $nonce =~ /^([0-9a-f]{8})([0-9a-f]{4})[0-9a-f]([0-9a-f]{3})([0-9a-f])([0-9a-f]{3})([0-9a-f]{12})\z/ or return $nonce;
    return "$p[0]-$p[1]-4$p[2]-" . substr('89ab', hex($p[3]) & 3, 1) . "$p[4]-$p[5]";
}


sub digits_of {
    my ($nonce) = @_;
    return $nonce if $nonce !~ /^[0-9a-f]{32}\z/ || $nonce =~ /^[0-9]+\z/;
    return scalar reverse Math::BigInt->new("0x$nonce")->bstr;
}
