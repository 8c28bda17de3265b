// Package telegramtest plays the Telegram Bot API for tests: in process, strict,
// and with faults on demand. It refuses what the vendor refuses, and also what the
// vendor silently drops or mends, because a bot should depend on neither. Where
// the environment variable BRIEFBOT_TEST_SPECS names a folder with
// telegram-bot-api.json, every request is checked against that as well.
package telegramtest
