sub lower_ascii { my ($text) = @_; return $text =~ tr/A-Z/a-z/r }


sub upper_ascii { my ($text) = @_; return $text =~ tr/a-z/A-Z/r }


sub trim_ascii { my ($text) = @_; return $text =~ s/^[\t\n\x0b\f\r ]+//r =~ s/[\t\n\x0b\f\r ]+\z//r }


sub collapse_ascii { my ($text) = @_; return $text =~ s/[\t\n\x0b\f\r ]+/ /gr }


sub up_to {
    my ($text, $end) = @_;
    my $found = index $text, $end;
    return $found < 0 ? $text : substr $text, 0, $found;
}


sub truncate_text { my ($text, $length) = @_; return $text =~ /^((?:[^\x80-\xbf][\x80-\xbf]*){0,$length})/ ? $1 : '' }


sub truncate_bytes { my ($value, $length) = @_; return substr $value, 0, $length }


sub split_path { my ($text) = @_; return [map { [$_] } split m{/}, $text, -1] }


sub split_query { my ($text) = @_; return [length $text ? map { length $_ ? [split /=/, $_, 2] : [''] } split(/&/, $text, -1) : ['']] }


sub join_path { my ($pieces) = @_; return join '/', map { join '=', @$_ } @$pieces }


sub join_query { my ($pieces) = @_; return join '&', map { join '=', @$_ } @$pieces }


sub each_piece { my ($pieces, $change) = @_; return [map { [map { $change->($_) } @$_] } @$pieces] }


sub sort_by_value { my ($pieces) = @_; return [sort { $a->[0] cmp $b->[0] || ($a->[1] // '') cmp ($b->[1] // '') } @$pieces] }


sub sort_by_name { my ($pieces) = @_; return [sort { $a->[0] cmp $b->[0] } @$pieces] }


sub sort_by_text { my ($pieces) = @_; return [sort { join('=', @$a) cmp join('=', @$b) } @$pieces] }


sub percent_decode {
    my ($text) = @_;
    die "A value contains a % that begins no escape.\n" if $text =~ /%(?![0-9A-Fa-f]{2})/;
    my $decoded = $text =~ s/%(..)/chr hex $1/ger;
    my $copy = $decoded;
    die "A value contains escapes that are not UTF-8.\n" unless utf8::decode($copy);
    die "A value contains a control character.\n" if $decoded =~ /[\x00-\x1f\x7f]/;
    return $decoded;
}


sub rfc3986 { my ($text) = @_; return $text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ger }


sub form_encode { my ($text) = @_; return rfc3986($text) =~ s/%20/+/gr =~ s/%2A/*/gr =~ s/~/%7E/gr }


sub from_after {
    my ($text, $start) = @_;
    my $found = index $text, $start;
    return $found < 0 ? '' : substr $text, $found + length $start;
}


sub merge_values {
    my ($pieces, $separator) = @_;
    my (%values, @names);
    for my $piece (@$pieces) {
        my ($name, @own) = @$piece;
        push @names, $name unless $values{$name};
        push @{ $values{$name} //= [] }, @own;
    }
    return [map { @{ $values{$_} } ? [$_, join $separator, @{ $values{$_} }] : [$_] } @names];
}


sub join_pairs { my ($pieces, $separator) = @_; return join $separator, map { join '=', @$_ } @$pieces }
