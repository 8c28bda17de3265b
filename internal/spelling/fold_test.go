package spelling

import (
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestFold(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"us-nss-2025", "us nss 2025"},
		{"Trump’s  “flexible realism”!", "trumps flexible realism"},
		{"  Crème brûlée, café ", "creme brulee cafe"},
		{"Straße STRASSE ẞ", "strasse strasse ss"},
		{"Łódź, Ødegård, Đorđe", "lodz odegard dorde"},
		{"Æthelred œuvre Þór", "aethelred oeuvre thor"},
		{"İstanbul ISPARTA ılık", "istanbul isparta ilik"},
		{"Ёлка ёж", "елка еж"},
		{"Зеленский Йод", "зеленский йод"},
		{"Київ Україна", "київ україна"},
		{"Ўзбекистон", "ўзбекистон"},
		{"ΟΔΥΣΣΕΎΣ Οδυσσεύς", "οδυσσευσ οδυσσευσ"},
		{"مُحَمَّد", "محمد"},
		{"שָׁלוֹם", "שלום"},
		{"हिन्दी", "हिन्दी"},
		{"Ｆｕｌｌ ｗｉｄｔｈ ①", "full width 1"},
		{"soft\u00adhyphen zero\u200dwidth", "softhyphen zerowidth"},
		{"a\x00b\x01c", "a b c"},
		{"C++ & 5 €", "c++ 5 €"},
		{"🇺🇦 👍🏽", "🇺🇦 👍🏽"},
		{"…—!?", ""},
	} {
		if got := Fold(test.in); got != norm.NFKD.String(test.want) && got != test.want {
			t.Errorf("Fold(%q) = %q, want %q", test.in, got, test.want)
		}
		if composed, apart := Fold(norm.NFC.String(test.in)), Fold(norm.NFD.String(test.in)); composed != apart {
			t.Errorf("Fold(%q) is %q composed and %q apart", test.in, composed, apart)
		}
	}
	if Fold("иод") == Fold("йод") || Fold("ки\u0306") != Fold("кй") {
		t.Error("й is a letter of its own, however it is written")
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Crème", "й и\u0306 \u0306", "a\x01b", "\xff\xfe", "\xf3Ŵ", "ﷺ", "한국어", "ß’s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folded := Fold(s)
		if utf8.ValidString(s) && !utf8.ValidString(folded) {
			t.Errorf("Fold(%q) = %q is not UTF-8", s, folded)
		}
		for _, r := range folded {
			if r < ' ' {
				t.Errorf("Fold(%q) = %q has a control character", s, folded)
			}
		}
		if composed := Fold(norm.NFC.String(s)); utf8.ValidString(s) && composed != folded {
			t.Errorf("Fold(%q) = %q, and composed %q", s, folded, composed)
		}
	})
}
