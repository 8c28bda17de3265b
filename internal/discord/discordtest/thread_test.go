package discordtest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// post posts a message and returns its id.
func (c *client) post(channel string) string {
	c.Helper()
	status, code, m := c.do("POST", "/channels/"+channel+"/messages", object{"content": "x"})
	if status != 200 {
		c.Fatalf("posting to %s: %d with code %d", channel, status, code)
	}
	return str(m["id"])
}

// check makes a request and fails the test unless it is answered with a code, zero for a
// success.
func (c *client) check(method, path string, body any, want int) {
	c.Helper()
	status, code, _ := c.do(method, path, body)
	if code != want || (status >= 200 && status < 300) != (want == 0) {
		c.Errorf("%s %s: %d with code %d, want code %d", method, path, status, code, want)
	}
}

func (c *client) everybody(p uint64) {
	c.AddGuild(Guild{ID: testGuild, Roles: []Role{{ID: testGuild, Permissions: p}}})
}

func TestThreadsOfMessages(t *testing.T) {
	with(t, Options{}, func(c *client) {
		const news, voice = "13", "14"
		c.AddChannel(Channel{ID: news, Guild: testGuild, Type: AnnouncementChannel})
		c.AddChannel(Channel{ID: voice, Guild: testGuild, Type: VoiceChannel})
		threads := func(channel, message string) string {
			return "/channels/" + channel + "/messages/" + message + "/threads"
		}
		name := object{"name": "Bridge", "auto_archive_duration": 10080}
		m := c.post(testChannel)
		for _, bad := range []object{
			{}, {"name": " "}, {"name": strings.Repeat("x", 101)}, {"name": "x", "auto_archive_duration": 100},
		} {
			c.check("POST", threads(testChannel, m), bad, 50035)
		}
		c.check("POST", threads(testChannel, "999"), name, 10008)
		c.check("POST", threads(news, m), name, 10008)
		c.check("POST", threads("999", m), name, 10003)
		c.check("POST", threads(testThread, c.post(testThread)), name, 50024)
		c.check("POST", threads(voice, c.post(voice)), name, 50024)
		c.everybody(Tending &^ CreatePublicThreads)
		c.check("POST", threads(testChannel, m), name, 50013)
		c.everybody(Tending)
		c.check("POST", threads(testChannel, m), name, 0)
		c.check("POST", threads(testChannel, m), name, 160004)
		if all := c.Threads(testChannel); len(all) != 1 || all[0].ID != m || all[0].Type != PublicThread {
			c.Errorf("the threads are %+v", all)
		}
		c.post(m) // in the thread
		n := c.post(news)
		c.check("POST", threads(news, n), name, 0)
		if all := c.Threads(news); len(all) != 1 || all[0].Type != AnnouncementThread {
			c.Errorf("the threads of the news are %+v", all)
		}
		c.AddGuild(Guild{ID: testGuild, Active: maxThreads})
		c.check("POST", threads(testChannel, c.post(testChannel)), name, 160006)
	})
}

func TestPostsOfForums(t *testing.T) {
	with(t, Options{}, func(c *client) {
		const forum, tagged = "13", "14"
		c.AddChannel(Channel{ID: forum, Guild: testGuild, Type: ForumChannel})
		c.AddChannel(Channel{ID: tagged, Guild: testGuild, Type: MediaChannel, Flags: requireTag})
		post := object{"name": "Bridge", "message": object{"content": "x"}}
		c.check("POST", "/channels/"+forum+"/messages", object{"content": "x"}, 50008)
		c.check("POST", "/channels/"+forum+"/threads", object{"name": "Bridge", "message": object{}}, 50006)
		c.check("POST", "/channels/"+forum+"/threads", object{"name": "", "message": object{"content": "x"}}, 50035)
		c.check("POST", "/channels/"+testChannel+"/threads", post, 50024)
		c.check("POST", "/channels/"+tagged+"/threads", post, 40067)
		c.check("POST", "/channels/"+forum+"/threads", post, 0)
		c.check("POST", "/channels/"+forum+"/threads", post, 0) // it knows no keys
		all := c.Threads(forum)
		if len(all) != 2 {
			c.Fatalf("the posts are %+v", all)
		}
		if m, ok := c.Message(all[0].ID); !ok || m.Channel != all[0].ID || m.Content != "x" {
			c.Errorf("the first message is %+v", m)
		}
		_, _, active := c.do("GET", "/guilds/"+testGuild+"/threads/active", nil)
		if list, _ := active["threads"].([]any); len(list) != 3 {
			c.Errorf("active are %v", active)
		}
		c.everybody(Tending &^ SendMessages)
		c.check("POST", "/channels/"+forum+"/threads", post, 50013)
	})
}

func TestArchivedAndLockedThreads(t *testing.T) {
	with(t, Options{}, func(c *client) {
		m := c.post(testThread)
		message, posts := "/channels/"+testThread+"/messages/"+m, "/channels/"+testThread+"/messages"
		thread := func(archived, locked bool) {
			c.AddChannel(Channel{ID: testThread, Guild: testGuild, Type: PublicThread, Parent: testChannel, Archived: archived, Locked: locked})
		}
		thread(true, false)
		c.check("PATCH", message, object{"content": "y"}, 50083)
		c.check("PUT", posts+"/pins/"+m, nil, 50083)
		c.post(testThread) // which opens it
		c.check("PATCH", message, object{"content": "y"}, 0)
		thread(true, true)
		c.check("POST", posts, object{"content": "x"}, 160005)
		c.everybody(Tending | ManageThreads)
		c.check("POST", posts, object{"content": "x"}, 0)
	})
}

func TestPins(t *testing.T) {
	with(t, Options{}, func(c *client) {
		m := c.post(testChannel)
		pin := "/channels/" + testChannel + "/messages/pins/"
		for range 2 {
			c.check("PUT", pin+m, nil, 0)
		}
		if all := c.Pinned(testChannel); fmt.Sprint(all) != "["+m+"]" {
			c.Errorf("pinned are %v", all)
		}
		c.FillPins(testChannel)
		c.check("PUT", pin+c.post(testChannel), nil, 30003)
		c.check("DELETE", pin+m, nil, 0)
		c.check("PUT", pin+"999", nil, 10008)
		c.check("PUT", "/channels/"+testThread+"/messages/pins/"+m, nil, 10008)
		c.everybody(Tending &^ PinMessages)
		c.check("PUT", pin+m, nil, 50013)
		c.check("DELETE", pin+m, nil, 50013)
	})
}

func TestEditsThatAreRefused(t *testing.T) {
	with(t, Options{}, func(c *client) {
		path := "/channels/" + testChannel + "/messages/"
		m, text := c.post(testChannel), object{"content": "y"}
		c.check("PATCH", path+c.Write(testChannel, "7", "mine"), text, 50005)
		c.check("PATCH", "/channels/"+testThread+"/messages/"+m, text, 10008)
		c.check("PATCH", path+m, object{"content": strings.Repeat("x", 2001)}, 50035)
		for range 2 * oldEdits {
			c.check("PATCH", path+m, text, 0)
		}
		time.Sleep(time.Hour) // of the bubble
		for range oldEdits {
			c.check("PATCH", path+m, text, 0)
		}
		c.check("PATCH", path+m, text, 30046)
		c.check("PATCH", path+c.post(testChannel), text, 0)
		time.Sleep(oldEditsPer)
		c.check("PATCH", path+m, text, 0)
		c.SetOldEdits(0, time.Hour)
		c.check("PATCH", path+m, text, 30046)
		c.SetOldEdits(1, time.Hour)
		time.Sleep(time.Hour)
		c.check("PATCH", path+m, text, 0)
		c.check("DELETE", path+m, nil, 0)
		c.check("DELETE", path+m, nil, 10008)
		c.check("PATCH", path+m, text, 10008)
		c.check("DELETE", path+c.Write(testChannel, "7", "mine"), nil, 50013)
	})
}

// What Discord itself wrote can be read and deleted, and nothing else.
func TestNotices(t *testing.T) {
	with(t, Options{}, func(c *client) {
		path := "/channels/" + testChannel + "/messages/"
		m := c.post(testChannel)
		c.check("PUT", path+"pins/"+m, nil, 0)
		c.check("PUT", path+"pins/"+m, nil, 0)
		all := c.Notices(testChannel)
		if len(all) != 1 || all[0].Reply != m || all[0].Pings || len(c.Messages(testChannel)) != 1 {
			c.Fatalf("the notices are %+v", all)
		}
		notice := all[0].ID
		c.check("PATCH", path+notice, object{"content": "y"}, 50021)
		c.check("PUT", path+"pins/"+notice, nil, 50021)
		c.check("POST", "/channels/"+testChannel+"/messages", object{"content": "x", "message_reference": object{"message_id": notice}}, 50035)
		c.check("GET", "/channels/"+testChannel+"/messages?limit=2", nil, 0)
		c.check("GET", "/channels/"+testChannel+"/messages?limit=0", nil, 50035)
		c.check("GET", "/channels/"+testChannel+"/messages?limit=all", nil, 50035)
		c.check("DELETE", path+notice, nil, 0)
		if all := c.Notices(testChannel); len(all) != 0 {
			c.Errorf("the notices are still %+v", all)
		}
	})
}

func TestChangesInLockedThreads(t *testing.T) {
	with(t, Options{}, func(c *client) {
		path := "/channels/" + testThread + "/messages/"
		m := c.post(testThread)
		c.AddChannel(Channel{ID: testThread, Guild: testGuild, Type: PublicThread, Parent: testChannel, Locked: true})
		c.check("PATCH", path+m, object{"content": "y"}, 160005)
		c.check("PUT", path+"pins/"+m, nil, 160005)
		c.everybody(Tending | ManageThreads)
		c.check("PATCH", path+m, object{"content": "y"}, 0)
		c.check("PUT", path+"pins/"+m, nil, 0)
	})
}

func TestAnswersToMessages(t *testing.T) {
	with(t, Options{}, func(c *client) {
		path := "/channels/" + testChannel + "/messages"
		m := c.post(testChannel)
		answer := func(to string, strict bool) object {
			return object{"content": "x", "message_reference": object{"message_id": to, "fail_if_not_exists": strict}}
		}
		c.check("POST", path, answer(m, true), 0)
		if all := c.Messages(testChannel); all[1].Reply != m {
			c.Errorf("the answer is %+v", all[1])
		}
		c.check("POST", path, answer("999", true), 50035)
		c.check("POST", path, object{"content": "x", "message_reference": object{"message_id": "999"}}, 50035)
		c.check("POST", path, answer("999", false), 0)
		c.check("POST", path, object{"content": "x", "nonce": strings.Repeat("k", 26)}, 50035)
		c.everybody(Tending &^ ReadMessageHistory)
		c.check("POST", path, answer(m, false), 160002)
	})
}
