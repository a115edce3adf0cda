// The peer reaches the benchmark's database by its socket, as the server does, and has events and feeds of its own.
import mysql from 'mysql2/promise';
import base from 'mysql2';

const create = mysql.createPool;
mysql.createPool = (options) => create({ ...options, socketPath: process.env.DB_SOCKET });

const own = new Map();
function renamed(sql) {
  let text = own.get(sql);
  if (text === undefined) {
    text = sql.replace(/\b(booking_events|feed_entries|feeds)\b/g, 'peer_$1');
    own.set(sql, text);
  }
  return text;
}

const connection = Object.getPrototypeOf(base.Connection.prototype);
const execute = connection.execute;
connection.execute = function (sql, ...rest) {
  return execute.call(this, renamed(sql), ...rest);
};
