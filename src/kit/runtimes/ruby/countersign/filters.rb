def lower_ascii(text)
  text.tr('A-Z', 'a-z')
end


def upper_ascii(text)
  text.tr('a-z', 'A-Z')
end


def trim_ascii(text)
  text.b.sub(/\A[\t\n\v\f\r ]+/n, '').sub(/[\t\n\v\f\r ]+\z/n, '')
end


def collapse_ascii(text)
  text.b.gsub(/[\t\n\v\f\r ]+/n, ' ')
end


def up_to(text, ending)
  text.b.partition(ending)[0]
end


def truncate_text(text, length)
  text.dup.force_encoding('UTF-8')[0, length].b
end


def truncate_bytes(value, length)
  value.byteslice(0, length)
end


def split_path(text)
  text.b.split('/', -1).map { |segment| [segment] }
end


def split_query(text)
  pairs = text.b.split('&', -1).map { |pair| pair.empty? ? [''] : pair.split('=', 2) }
  pairs.empty? ? [['']] : pairs
end


def join_path(pieces)
  pieces.map { |piece| piece.join('=') }.join('/')
end


def join_query(pieces)
  pieces.map { |piece| piece.join('=') }.join('&')
end


def each_piece(pieces, change)
  pieces.map { |piece| piece.map { |one| change.call(one) } }
end


def sort_by_value(pieces)
  pieces.each_with_index.sort_by { |piece, i| [piece[0], piece[1] || '', i] }.map(&:first)
end


def sort_by_name(pieces)
  pieces.each_with_index.sort_by { |piece, i| [piece[0], i] }.map(&:first)
end


def sort_by_text(pieces)
  pieces.each_with_index.sort_by { |piece, i| [piece.join('='), i] }.map(&:first)
end


def percent_decode(text)
  check(!text.b.match?(/%(?!\h\h)/n), 'A value contains a % that begins no escape.')
  decoded = text.b.gsub(/%(\h\h)/n) { Regexp.last_match(1).hex.chr.b }
  check(decoded.dup.force_encoding('UTF-8').valid_encoding?, 'A value contains escapes that are not UTF-8.')
  check(!decoded.match?(/[\x00-\x1f\x7f]/n), 'A value contains a control character.')
  decoded
end


def rfc3986(text)
  text.b.gsub(/[^A-Za-z0-9._~-]/n) { |found| format('%%%02X', found.ord) }
end


def form_encode(text)
  rfc3986(text).gsub('%20', '+').gsub('%2A', '*').gsub('~', '%7E')
end


def from_after(text, start)
  text.b.partition(start)[2]
end


def merge_values(pieces, separator)
  merged = pieces.group_by(&:first).transform_values { |same| same.flat_map { |piece| piece.drop(1) } }
  merged.map { |name, values| values.empty? ? [name] : [name, values.join(separator)] }
end


def join_pairs(pieces, separator)
  pieces.map { |piece| piece.join('=') }.join(separator)
end
