// A mail server that takes every mail and writes down when, and that can fail as networks do: it cuts,
// delays or refuses connections. It speaks just enough SMTP (RFC 5321) for the server under test, and
// no TLS.
import { createServer } from 'node:net';

export class MailServer {
  /** The mails that were taken: `{id, to, at}`. `at` is before the answer that takes them. */
  mails = [];
  sockets = new Set();
  mode = 'through';

  constructor(port) {
    this.port = port;
  }

  listen() {
    this.server = createServer((socket) => this.serve(socket));
    return new Promise((done, failed) => {
      this.server.once('error', failed);
      this.server.listen(this.port, '127.0.0.1', done);
    });
  }

  /** No connection is taken any more, and those that exist are cut. */
  async close() {
    const closed = new Promise((done) => this.server.close(done));
    this.cut();
    await closed;
  }

  cut() {
    for (const socket of this.sockets) socket.destroy();
  }

  serve(socket) {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket)).on('error', () => {});
    const say = (line) => setTimeout(() => socket.writable && socket.write(`${line}\r\n`), this.mode === 'delay' ? 700 : 0);
    let [rest, data, to] = ['', null, null];
    if (this.mode === 'cut') return socket.destroy();
    say('220 mail.test');
    socket.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\r\n');
      rest = lines.pop();
      for (const line of lines) {
        if (data !== null && line !== '.') data.push(line);
        else if (data !== null) {
          this.take(data, to);
          data = null;
          // Cut after the mail was taken: the sender cannot know that.
          if (this.mode === 'cut') socket.destroy();
          else say('250 2.0.0 queued');
        } else if (/^DATA/i.test(line)) {
          data = [];
          say('354 go on');
        } else if (/^QUIT/i.test(line)) say('221 bye');
        else {
          to = /^RCPT TO:<([^>]*)>/i.exec(line)?.[1] ?? to;
          say('250 2.1.0 ok');
        }
      }
    });
    return undefined;
  }

  take(lines, to) {
    const id = /^Message-ID:\s*<([^@>]*)@/im.exec(lines.join('\n'))?.[1];
    this.mails.push({ id, to, at: Date.now() });
  }
}
