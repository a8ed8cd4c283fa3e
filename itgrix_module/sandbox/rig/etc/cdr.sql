-- SPDX-License-Identifier: GPL-3.0-or-later
-- The tables of FreePBX's asteriskcdrdb. AcctId is what Asterisk's SQLite backend asks for.
CREATE TABLE cdr (
  AcctId INTEGER PRIMARY KEY, calldate DATETIME, clid VARCHAR(80), src VARCHAR(80), dst VARCHAR(80),
  dcontext VARCHAR(80), channel VARCHAR(80), dstchannel VARCHAR(80), lastapp VARCHAR(80), lastdata VARCHAR(80),
  duration INTEGER, billsec INTEGER, disposition VARCHAR(45), amaflags INTEGER, accountcode VARCHAR(20),
  uniqueid VARCHAR(32), userfield VARCHAR(255), did VARCHAR(50), recordingfile VARCHAR(255), cnum VARCHAR(80),
  cnam VARCHAR(80), outbound_cnum VARCHAR(80), outbound_cnam VARCHAR(80), dst_cnam VARCHAR(80),
  linkedid VARCHAR(32), peeraccount VARCHAR(80), sequence INTEGER
);
CREATE INDEX cdr_calldate ON cdr (calldate);
CREATE TABLE cel (
  id INTEGER PRIMARY KEY, eventtype VARCHAR(30), eventtime DATETIME, cid_name VARCHAR(80), cid_num VARCHAR(80),
  cid_ani VARCHAR(80), cid_rdnis VARCHAR(80), cid_dnid VARCHAR(80), exten VARCHAR(80), context VARCHAR(80),
  channame VARCHAR(80), appname VARCHAR(80), appdata VARCHAR(80), amaflags INTEGER, accountcode VARCHAR(20),
  uniqueid VARCHAR(32), linkedid VARCHAR(32), peer VARCHAR(80), userdeftype VARCHAR(255), extra VARCHAR(512)
);
CREATE INDEX cel_linkedid ON cel (linkedid);
