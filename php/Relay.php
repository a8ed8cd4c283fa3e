<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

/** Passes one request on to the service and its answer back, byte by byte as they come. */
class Relay
{
    // Everything else that a browser sends stays here; above all no copy of our own signed header.
    const PASSED = [
        'Accept' => 'HTTP_ACCEPT',
        'Accept-Language' => 'HTTP_ACCEPT_LANGUAGE',
        'Cache-Control' => 'HTTP_CACHE_CONTROL',
        'Content-Type' => 'CONTENT_TYPE',
        'If-Match' => 'HTTP_IF_MATCH',
        'If-Modified-Since' => 'HTTP_IF_MODIFIED_SINCE',
        'If-None-Match' => 'HTTP_IF_NONE_MATCH',
        'If-Range' => 'HTTP_IF_RANGE',
        'If-Unmodified-Since' => 'HTTP_IF_UNMODIFIED_SINCE',
        'Last-Event-ID' => 'HTTP_LAST_EVENT_ID',
        'Origin' => 'HTTP_ORIGIN',
        'Range' => 'HTTP_RANGE',
        'Referer' => 'HTTP_REFERER',
        'User-Agent' => 'HTTP_USER_AGENT',
        'X-CSRFToken' => 'HTTP_X_CSRFTOKEN',
        'X-Requested-With' => 'HTTP_X_REQUESTED_WITH',
    ];
    const HOP_BY_HOP = [
        'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding',
        'upgrade', 'server', 'date',
    ];
    const CONNECT_SECONDS = 3;

    /** @var string */
    private $bind;
    /** @var bool */
    private $begun = false;

    public function __construct(string $bind)
    {
        $this->bind = $bind;
    }

    /** ``$headers``: ours, complete lines. */
    public function pass(string $method, string $target, array $headers, array $server): void
    {
        if ($this->isBodyLost($server)) {
            Refusal::show(500, 'body');
            return;
        }
        $this->prepareOutput();
        $curl = curl_init('http://' . $this->bind . $target);
        curl_setopt_array($curl, $this->options($method, array_merge($headers, $this->passed($server)), $server));
        $done = curl_exec($curl);
        $problem = curl_errno($curl);
        curl_close($curl);
        if ($done === false && !$this->begun) {
            Refusal::show($problem === CURLE_COULDNT_CONNECT ? 503 : 502);
        }
    }

    /** PHP has read the upload itself: its settings for this folder are not in force. */
    private function isBodyLost(array $server): bool
    {
        return strncasecmp($server['CONTENT_TYPE'] ?? '', 'multipart/form-data', 19) === 0
            && (int) ini_get('enable_post_data_reading') === 1;
    }

    private function prepareOutput(): void
    {
        ini_set('default_mimetype', '');
        ini_set('default_charset', ''); // else PHP appends one to every text
        ini_set('zlib.output_compression', '0');
        set_time_limit(0);
        ignore_user_abort(false);
        $isEnded = true;
        while ($isEnded && ob_get_level() > 0) {
            $isEnded = ob_end_clean(); // false: somebody made it so that it cannot be ended
        }
    }

    private function options(string $method, array $headers, array $server): array
    {
        $options = [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_NOBODY => $method === 'HEAD',
            CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_1_1,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PATH_AS_IS => true,
            CURLOPT_PROXY => '',
            CURLOPT_CONNECTTIMEOUT => self::CONNECT_SECONDS,
            CURLOPT_HEADERFUNCTION => [$this, 'takeHeader'],
            CURLOPT_WRITEFUNCTION => [$this, 'takeBody'],
        ];
        $length = $server['CONTENT_LENGTH'] ?? '';
        $isChunked = stripos($server['HTTP_TRANSFER_ENCODING'] ?? '', 'chunked') !== false;
        $headers[] = 'Expect:';
        if ($isChunked || (ctype_digit((string) $length) && (int) $length > 0)) {
            $input = fopen('php://input', 'rb');
            $options[CURLOPT_UPLOAD] = true;
            $options[CURLOPT_READFUNCTION] = function ($curl, $file, $size) use ($input) {
                return (string) fread($input, $size);
            };
            if ($isChunked) {
                $headers[] = 'Transfer-Encoding: chunked';
            } else {
                $options[CURLOPT_INFILESIZE] = (int) $length;
            }
        } elseif (!in_array($method, Gate::READS, true)) {
            $headers[] = 'Content-Length: 0';
        }
        $options[CURLOPT_HTTPHEADER] = $headers;
        return $options;
    }

    private function passed(array $server): array
    {
        $lines = ['Host: ' . ($server['HTTP_HOST'] ?? 'localhost')];
        foreach (self::PASSED as $name => $known) {
            $value = $server[$known] ?? '';
            if (is_string($value) && $value !== '' && strpbrk($value, "\r\n\0") === false) {
                $lines[] = $name . ': ' . $value;
            }
        }
        $cookies = $this->cookies($server['HTTP_COOKIE'] ?? '');
        return $cookies === '' ? $lines : array_merge($lines, ['Cookie: ' . $cookies]);
    }

    /** All cookies but those that open the PBX's GUI. */
    private function cookies(string $header): string
    {
        $kept = [];
        foreach (explode(';', $header) as $pair) {
            $name = trim(explode('=', $pair, 2)[0]);
            if ($name !== '' && $name !== session_name() && $name !== Visitor::TICKET) {
                $kept[] = trim($pair);
            }
        }
        return strpbrk($header, "\r\n\0") === false ? implode('; ', $kept) : '';
    }

    /** For curl: one line of the answer's head. */
    public function takeHeader($curl, string $line): int
    {
        $text = rtrim($line, "\r\n");
        if (strncmp($text, 'HTTP/', 5) === 0) {
            $this->begun = true;
            http_response_code((int) (explode(' ', $text, 3)[1] ?? 502));
        } elseif ($text !== '') {
            $name = strtolower(trim(explode(':', $text, 2)[0]));
            if (!in_array($name, self::HOP_BY_HOP, true)) {
                header($text, $name !== 'set-cookie');
            }
        }
        return strlen($line);
    }

    /** For curl: a piece of the answer's body; 0 ends the request when nobody listens any more. */
    public function takeBody($curl, string $piece): int
    {
        echo $piece;
        flush();
        return connection_aborted() ? 0 : strlen($piece);
    }
}
