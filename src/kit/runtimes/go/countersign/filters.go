func mapBytes(text string, change func(byte) byte) string {
	made := []byte(text)
	for i, one := range made {
		made[i] = change(one)
	}
	return string(made)
}


func lowerAscii(text string) string {
	return mapBytes(text, func(one byte) byte {
		if one >= 'A' && one <= 'Z' {
			return one + 32
		}
		return one
	})
}


func upperAscii(text string) string {
	return mapBytes(text, func(one byte) byte {
		if one >= 'a' && one <= 'z' {
			return one - 32
		}
		return one
	})
}


func trimAscii(text string) string {
	return strings.Trim(text, "\t\n\v\f\r ")
}


var blanks = regexp.MustCompile(`[\t\n\v\f\r ]+`)


func collapseAscii(text string) string {
	return blanks.ReplaceAllLiteralString(text, " ")
}


func upTo(text, end string) string {
	found, _, _ := strings.Cut(text, end)
	return found
}


func truncateText(text string, length int) string {
	characters := []rune(text)
	if len(characters) <= length {
		return text
	}
	return string(characters[:length])
}


func truncateBytes(text string, length int) string {
	if len(text) <= length {
		return text
	}
	return text[:length]
}


func splitPath(text string) [][]string {
	pieces := [][]string{}
	for _, segment := range strings.Split(text, "/") {
		pieces = append(pieces, []string{segment})
	}
	return pieces
}


func splitQuery(text string) [][]string {
	pieces := [][]string{}
	for _, pair := range strings.Split(text, "&") {
		pieces = append(pieces, strings.SplitN(pair, "=", 2))
	}
	return pieces
}


func joinPieces(pieces [][]string, separator string) string {
	joined := []string{}
	for _, piece := range pieces {
		joined = append(joined, strings.Join(piece, "="))
	}
	return strings.Join(joined, separator)
}


func joinPath(pieces [][]string) string {
	return joinPieces(pieces, "/")
}


func joinQuery(pieces [][]string) string {
	return joinPieces(pieces, "&")
}


func eachPiece(pieces [][]string, change func(string) string) [][]string {
	made := [][]string{}
	for _, piece := range pieces {
		changed := []string{}
		for _, one := range piece {
			changed = append(changed, change(one))
		}
		made = append(made, changed)
	}
	return made
}


func sortBy(pieces [][]string, compare func(a, b []string) bool) [][]string {
	sort.SliceStable(pieces, func(i, j int) bool { return compare(pieces[i], pieces[j]) })
	return pieces
}


func sortByValue(pieces [][]string) [][]string {
	value := func(piece []string) string { return strings.Join(piece[1:], "") }
	return sortBy(pieces, func(a, b []string) bool { return a[0] < b[0] || a[0] == b[0] && value(a) < value(b) })
}


func sortByName(pieces [][]string) [][]string {
	return sortBy(pieces, func(a, b []string) bool { return a[0] < b[0] })
}


func sortByText(pieces [][]string) [][]string {
	return sortBy(pieces, func(a, b []string) bool { return strings.Join(a, "=") < strings.Join(b, "=") })
}


func percentDecode(text string) string {
	var made strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			made.WriteByte(text[i])
			continue
		}
		check(i+2 < len(text), "a value contains a % that begins no escape")
		decoded, err := hex.DecodeString(text[i+1 : i+3])
		check(err == nil, "a value contains a % that begins no escape")
		made.Write(decoded)
		i += 2
	}
	for _, one := range []byte(made.String()) {
		check(one > 0x1f && one != 0x7f, "a value contains a control character")
	}
	check(utf8.ValidString(made.String()), "a value contains escapes that are not UTF-8")
	return made.String()
}


func escapeExcept(text, marks string) string {
	var made strings.Builder
	for _, one := range []byte(text) {
		if one >= 'a' && one <= 'z' || one >= 'A' && one <= 'Z' || one >= '0' && one <= '9' || strings.IndexByte(marks, one) >= 0 {
			made.WriteByte(one)
		} else {
			fmt.Fprintf(&made, "%%%02X", one)
		}
	}
	return made.String()
}


func rfc3986(text string) string {
	return escapeExcept(text, "-._~")
}


func formEncode(text string) string {
	return strings.ReplaceAll(escapeExcept(text, "-._*"), "%20", "+")
}


func fromAfter(text, start string) string {
	_, found, _ := strings.Cut(text, start)
	return found
}


func mergeValues(pieces [][]string, separator string) [][]string {
	merged, places := [][]string{}, map[string]int{}
	for _, piece := range pieces {
		place, known := places[piece[0]]
		switch {
		case !known:
			places[piece[0]] = len(merged)
			merged = append(merged, piece)
		case len(piece) > 1 && len(merged[place]) > 1:
			merged[place][1] += separator + piece[1]
		case len(piece) > 1:
			merged[place] = piece
		}
	}
	return merged
}


func joinPairs(pieces [][]string, separator string) string {
	return joinPieces(pieces, separator)
}
