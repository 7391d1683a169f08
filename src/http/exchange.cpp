// SPDX-License-Identifier: Apache-2.0
#include "http/exchange.hpp"

#include "http/failure.hpp"
#include "http/proxy.hpp"
#include "http/redact.hpp"

#include <regctl/base/environment.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/visible.hpp>

#include <netdb.h>

#include <algorithm>
#include <charconv>
#include <thread>

namespace regctl::http {

namespace {

// Larger ones save no time that can be measured, and cost memory for each transfer: with 256 KiB a
// copy with four jobs peaked 6 MiB higher.
constexpr long k_download_buffer_bytes = 64 * 1024;
constexpr std::size_t k_upload_buffer_bytes = 64 * 1024;
constexpr std::size_t k_received_limit_bytes = 64 * 1024;
constexpr std::uint64_t k_ca_file_limit_bytes = 16 * 1024 * 1024;
constexpr std::size_t k_head_limit_bytes = 256 * 1024; // of one answer, informational ones included

long curl_version_of(TlsVersion version) {
  switch (version) {
  case TlsVersion::v1_0:
    return CURL_SSLVERSION_TLSv1_0;
  case TlsVersion::v1_1:
    return CURL_SSLVERSION_TLSv1_1;
  case TlsVersion::v1_2:
    return CURL_SSLVERSION_TLSv1_2;
  case TlsVersion::v1_3:
    return CURL_SSLVERSION_TLSv1_3;
  }
  return CURL_SSLVERSION_TLSv1_2;
}

/// Trusts these authorities too. libcurl adds the system's folder by itself, and takes one file or
/// one text.
void trust(const EasyHandle& easy, const std::vector<std::string>& ca_files) {
  if (ca_files.size() == 1) {
    set_option(easy, CURLOPT_CAINFO, ca_files.front());
  }
  if (ca_files.size() <= 1) {
    return;
  }
  std::string all;
  for (const auto& file : ca_files) {
    all += read_file(file, k_ca_file_limit_bytes) + "\n";
  }
  ::curl_blob blob{all.data(), all.size(), CURL_BLOB_COPY};
  set_option(easy, CURLOPT_CAINFO_BLOB, &blob);
}

} // namespace

Exchange::Exchange(Loops& loops, OriginShares& shares, ExchangeOptions options,
                   std::unique_ptr<Source> upload)
    : options_(std::move(options)), loops_(loops), loop_(loops.borrow()), easy_(::curl_easy_init()),
      upload_(std::move(upload)), last_movement_(std::chrono::steady_clock::now()) {
  try {
    if (!easy_) {
      throw std::bad_alloc();
    }
    set_up();
    auto& jar = options_.cookies ? *options_.cookies : shares;
    set_option(easy_, CURLOPT_SHARE, jar.of(options_.url.origin()).get());
    loop_.add(*this);
  } catch (...) {
    loops_.give_back(loop_);
    throw;
  }
}

Exchange::~Exchange() {
  loop_.remove(*this);
  easy_.reset(); // before the loop can be lent to another thread
  loops_.give_back(loop_);
}

void Exchange::set_up() {
  set_option(easy_, CURLOPT_ERRORBUFFER, detail_.data());
  set_option(easy_, CURLOPT_PRIVATE, static_cast<void*>(this));
  set_option(easy_, CURLOPT_NOSIGNAL, 1);
  set_option(easy_, CURLOPT_PROTOCOLS_STR, std::string("http,https"));
  set_option(easy_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  set_option(easy_, CURLOPT_PATH_AS_IS, 1);
  set_option(easy_, CURLOPT_TCP_KEEPALIVE, 1);
  set_option(easy_, CURLOPT_COOKIEFILE, std::string()); // enables cookies
  set_option(easy_, CURLOPT_CONNECTTIMEOUT_MS, options_.connect_timeout.count());
  set_option(easy_, CURLOPT_BUFFERSIZE, k_download_buffer_bytes);
  set_option(easy_, CURLOPT_HEADERFUNCTION, &Exchange::on_header);
  set_option(easy_, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set_option(easy_, CURLOPT_WRITEFUNCTION, &Exchange::on_body);
  set_option(easy_, CURLOPT_WRITEDATA, static_cast<void*>(this));
  if (*options_.debug) {
    set_option(easy_, CURLOPT_VERBOSE, 1);
    set_option(easy_, CURLOPT_DEBUGFUNCTION, &Exchange::on_debug);
    set_option(easy_, CURLOPT_DEBUGDATA, static_cast<void*>(this));
  }
  set_up_request();
  set_up_tls_and_proxy();
  set_up_address_check();
}

void Exchange::set_up_request() {
  set_option(easy_, CURLOPT_URL, options_.url.to_string());
  set_option(easy_, CURLOPT_USERAGENT, *options_.user_agent);
  if (!options_.url.unix_socket.empty()) {
    set_option(easy_, CURLOPT_UNIX_SOCKET_PATH, options_.url.unix_socket);
  }
  if (options_.method == Method::head) {
    set_option(easy_, CURLOPT_NOBODY, 1);
  } else if (upload_) {
    set_option(easy_, CURLOPT_UPLOAD, 1);
    set_option(easy_, CURLOPT_READFUNCTION, &Exchange::on_upload);
    set_option(easy_, CURLOPT_READDATA, static_cast<void*>(this));
    set_option(easy_, CURLOPT_UPLOAD_BUFFERSIZE, static_cast<long>(k_upload_buffer_bytes));
    const auto size = options_.upload_bytes;
    set_option(easy_, CURLOPT_INFILESIZE_LARGE,
               size ? static_cast<::curl_off_t>(*size) : ::curl_off_t{-1});
  }
  if (options_.method != Method::head) {
    set_option(easy_, CURLOPT_CUSTOMREQUEST, std::string(to_string(options_.method)));
  }
  for (const auto& field : options_.headers.fields()) {
    append(header_list_, field.name + ": " + field.value);
  }
  // Without this header libcurl waits for "100 Continue", which costs a second with registries that
  // do not send it.
  append(header_list_, "Expect:");
  if (!options_.authorization.empty()) {
    append(header_list_, "Authorization: " + options_.authorization.reveal());
  }
  set_option(easy_, CURLOPT_HTTPHEADER, header_list_.get());
}

void Exchange::set_up_tls_and_proxy() {
  const auto& settings = options_.settings;
  set_option(easy_, CURLOPT_SSL_VERIFYPEER, settings.verify_tls ? 1 : 0);
  set_option(easy_, CURLOPT_SSL_VERIFYHOST, settings.verify_tls ? 2 : 0);
  set_option(easy_, CURLOPT_SSLVERSION, curl_version_of(settings.tls_min));
  if (settings.tls_min < TlsVersion::v1_2) {
    // Allows algorithms that OpenSSL disables by default but old servers need, such as SHA-1.
    set_option(easy_, CURLOPT_SSL_CIPHER_LIST, std::string("DEFAULT@SECLEVEL=0"));
  }
  trust(easy_, settings.ca_files);
  if (options_.certificate < settings.client_certificates.size()) {
    const auto& ours = settings.client_certificates[options_.certificate];
    set_option(easy_, CURLOPT_SSLCERT, ours.file);
    set_option(easy_, CURLOPT_SSLKEY, ours.key.empty() ? ours.file : ours.key);
    set_option(easy_, CURLOPT_KEYPASSWD, std::string()); // else OpenSSL asks at the terminal
  }
  // Both proxy options are always set; otherwise libcurl reads the environment itself.
  const auto proxy = find_proxy(options_.url, process_environment);
  set_option(easy_, CURLOPT_PROXY, proxy ? proxy->url : std::string());
  if (proxy && !proxy->username.empty()) {
    set_option(easy_, CURLOPT_PROXYUSERNAME, proxy->username);
    set_option(easy_, CURLOPT_PROXYPASSWORD, proxy->password.reveal());
  }
  set_option(easy_, CURLOPT_NOPROXY, std::string());
  set_option(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1); // they are no part of the answer
  if (proxy) {
    proxy_ = {proxy->url, proxy->name};
  }
}

/// Behind a proxy there is nothing to check: the proxy resolves the name.
void Exchange::set_up_address_check() {
  if (!options_.named_by || !proxy_.name.empty()) {
    return;
  }
  set_option(easy_, CURLOPT_OPENSOCKETFUNCTION, &Exchange::on_socket);
  set_option(easy_, CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  set_option(easy_, CURLOPT_PREREQFUNCTION, &Exchange::on_request); // for reused connections
  set_option(easy_, CURLOPT_PREREQDATA, static_cast<void*>(this));
}

bool Exchange::may_ask(AddressKind peer) const {
  return may_name(options_.named_by->kind, peer);
}

::curl_socket_t Exchange::on_socket(void* self, ::curlsocktype, ::curl_sockaddr* address) {
  auto* exchange = static_cast<Exchange*>(self);
  return fenced<::curl_socket_t>(exchange->parked_, CURL_SOCKET_BAD, [&] {
    if (!exchange->may_ask(kind_of_address(address->addr))) {
      std::array<char, NI_MAXHOST> text{};
      ::getnameinfo(&address->addr, address->addrlen, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST);
      exchange->refused_address_ = text.data();
      return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  });
}

int Exchange::on_request(void* self, char* peer, char*, int, int) {
  auto* exchange = static_cast<Exchange*>(self);
  return fenced<int>(exchange->parked_, CURL_PREREQFUNC_ABORT, [&] {
    if (!exchange->may_ask(kind_of_host(peer))) {
      exchange->refused_address_ = peer;
      return CURL_PREREQFUNC_ABORT;
    }
    return CURL_PREREQFUNC_OK;
  });
}

AddressKind Exchange::peer_kind() const {
  const char* address = nullptr;
  ::curl_easy_getinfo(easy_.get(), CURLINFO_PRIMARY_IP, &address);
  const bool is_peers = proxy_.name.empty() && address != nullptr && *address != '\0';
  return kind_of_host(is_peers ? address : options_.url.host);
}

std::size_t Exchange::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto* exchange = static_cast<Exchange*>(self);
  return fenced<std::size_t>(exchange->parked_, 0, [&] {
    exchange->take_header({data, size * count});
    return size * count;
  });
}

std::size_t Exchange::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto* exchange = static_cast<Exchange*>(self);
  return fenced<std::size_t>(exchange->parked_, 0, [&] {
    return exchange->take_body(std::as_bytes(std::span(data, size * count)));
  });
}

std::size_t Exchange::on_upload(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<Exchange*>(self)->give_upload(
      std::as_writable_bytes(std::span(data, size * count)));
}

int Exchange::on_debug(::CURL*, curl_infotype type, char* data, std::size_t size, void* self) {
  auto* exchange = static_cast<Exchange*>(self);
  return fenced<int>(exchange->parked_, 0, [&] {
    if (type == CURLINFO_HEADER_OUT || type == CURLINFO_HEADER_IN) {
      const char direction = type == CURLINFO_HEADER_OUT ? '>' : '<';
      for (const auto& line : redacted_lines({data, size})) {
        (*exchange->options_.debug)(std::string(1, direction) + " " + line);
      }
    }
    return 0;
  });
}

/// Heads of informational answers (100) come before the real one, and count towards its size limit.
/// Trailers after the body are dropped.
void Exchange::take_header(std::string_view line) {
  if (head_complete_) {
    return;
  }
  head_bytes_ += line.size();
  if (head_bytes_ > k_head_limit_bytes) {
    throw head_too_long(options_.url);
  }
  while (line.ends_with('\n') || line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  if (line.starts_with("HTTP/")) {
    headers_ = {};
    status_ = 0;
    if (const auto space = line.find(' '); space != std::string_view::npos) {
      std::from_chars(line.data() + space + 1, line.data() + line.size(), status_);
    }
    return;
  }
  if (line.empty()) {
    head_complete_ = status_ >= 200;
    return;
  }
  if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    auto value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    headers_.add(std::string(line.substr(0, colon)), std::string(value));
  }
}

std::size_t Exchange::take_body(std::span<const std::byte> bytes) {
  const auto n = bytes.size();
  if (!direct_.empty() && received_begin_ == received_.size()) {
    const auto fits = copy_some(bytes, direct_);
    direct_ = direct_.subspan(fits);
    direct_filled_ += fits;
    bytes = bytes.subspan(fits);
  } else if (received_.size() - received_begin_ >= k_received_limit_bytes) {
    download_paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  received_.insert(received_.end(), bytes.begin(), bytes.end());
  return n;
}

std::size_t Exchange::give_upload(std::span<std::byte> out) {
  const auto n =
      copy_some(std::span(staged_).subspan(staged_begin_, staged_end_ - staged_begin_), out);
  if (n == 0 && !upload_ended_) {
    upload_wants_bytes_ = true;
    return CURL_READFUNC_PAUSE;
  }
  staged_begin_ += n;
  return n;
}

bool Exchange::wait_for_head() {
  while (!head_complete_ && step()) {
  }
  if (parked_) {
    std::rethrow_exception(parked_);
  }
  return head_complete_;
}

CurlFailure Exchange::failure() const {
  CurlFailure failure;
  failure.code = code_;
  failure.detail = detail_.data();
  failure.proxy = proxy_.name;
  failure.proxy_speaks_tls = proxy_.url.starts_with("https:");
  ::curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &failure.os_error);
  ::curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &failure.proxy_status);
  ::curl_off_t handshake = 0;
  ::curl_easy_getinfo(easy_.get(), CURLINFO_APPCONNECT_TIME_T, &handshake);
  long new_connections = 0;
  ::curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &new_connections);
  // A reused connection counts as none and has no handshake of its own.
  const bool is_reused = new_connections == 0 && failure.code != CURLE_COULDNT_CONNECT;
  failure.tls_done = options_.url.scheme == "https" && (handshake > 0 || is_reused);
  failure.tls_min = options_.settings.tls_min;
  failure.has_ca_file = !options_.settings.ca_files.empty();
  failure.head_began = status_ >= 200 && !head_complete_;
  return failure;
}

bool Exchange::is_refused_by_alert() const {
  return std::string_view(detail_.data()).find("alert") != std::string_view::npos;
}

std::size_t Exchange::read(std::span<std::byte> out) {
  if (received_begin_ == received_.size()) {
    received_.clear();
    received_begin_ = 0;
    last_movement_ = std::chrono::steady_clock::now(); // time between reads is no stall
    direct_ = out;
    direct_filled_ = 0;
    resume_download();
    while (direct_filled_ == 0 && step()) {
    }
    direct_ = {};
    hold_download();
    given_bytes_ += direct_filled_;
    if (direct_filled_ == 0 && (code_ != CURLE_OK || parked_)) {
      fail_body();
    }
    return direct_filled_;
  }
  const auto n = copy_some(std::span(received_).subspan(received_begin_), out);
  received_begin_ += n;
  given_bytes_ += n;
  return n;
}

/// One turn of the loop; returns false when the exchange is over.
bool Exchange::step() {
  if (done_) {
    return false;
  }
  const bool had_head = head_complete_;
  if (upload_wants_bytes_ || has_sent_staged()) {
    refill_upload();
  }
  loop_.perform();
  // A head may arrive with so much of its body that the download pauses. Then no event would end
  // the wait below.
  const bool has_new_head = head_complete_ && !had_head;
  if (done_ || upload_wants_bytes_ || direct_filled_ > 0 || has_new_head) {
    return !done_ || direct_filled_ > 0;
  }
  watch_stall();
  if (!done_) {
    loop_.wait(std::min<std::chrono::milliseconds>(options_.stall_timeout,
                                                   std::chrono::milliseconds(1000)));
  }
  return !done_;
}

/// Whether libcurl has taken all that was staged and will want more. It need not pause for it then.
bool Exchange::has_sent_staged() const noexcept {
  return staged_total_ > 0 && !upload_ended_ && staged_begin_ == staged_end_;
}

/// Reads more of the body to send. That may run this same loop for another exchange.
void Exchange::refill_upload() {
  staged_.resize(k_upload_buffer_bytes);
  staged_begin_ = 0;
  staged_end_ = 0; // libcurl may ask meanwhile, and pauses then
  staged_end_ = upload_->read(staged_);
  upload_ended_ = staged_end_ == 0;
  staged_total_ += staged_end_;
  check_upload_size();
  last_movement_ = std::chrono::steady_clock::now(); // time in the source is no stall
  if (upload_wants_bytes_ && !done_) {
    upload_wants_bytes_ = false;
    ::curl_easy_pause(easy_.get(), download_paused_ ? CURLPAUSE_RECV : CURLPAUSE_CONT);
  }
}

/// libcurl stops at the promised size and does not read the source's end, where a verified source
/// reports errors. So the end is read before the last bytes are handed over.
void Exchange::check_upload_size() {
  if (!options_.upload_bytes) {
    return;
  }
  const auto promised = *options_.upload_bytes;
  std::byte more{};
  const bool goes_on = staged_total_ == promised && !upload_ended_ && upload_->read({&more, 1}) > 0;
  if (goes_on || staged_total_ > promised || (upload_ended_ && staged_total_ < promised)) {
    throw Error(ErrorKind::integrity,
                "the body to send has " +
                    std::string(upload_ended_ ? "only " + std::to_string(staged_total_) : "more") +
                    (upload_ended_ ? " of " : " than ") + std::to_string(promised) + " bytes");
  }
}

/// Else libcurl reads on as it sends the upload of another exchange, and the bytes are copied once
/// more. (libcurl 7.88 reads on all the same where only one direction pauses.)
void Exchange::hold_download() {
  if (!upload_ && !download_paused_ && !done_) {
    download_paused_ = true;
    ::curl_easy_pause(easy_.get(), CURLPAUSE_ALL);
  }
}

void Exchange::resume_download() {
  if (download_paused_ && !done_) {
    download_paused_ = false;
    ::curl_easy_pause(easy_.get(), upload_wants_bytes_ ? CURLPAUSE_SEND : CURLPAUSE_CONT);
  }
}

void Exchange::watch_stall() {
  ::curl_off_t sent = 0;
  ::curl_off_t received = 0;
  ::curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
  ::curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_DOWNLOAD_T, &received);
  const auto now = std::chrono::steady_clock::now();
  // Only the end of a head counts as progress: a server could send informational answers for ever.
  const auto moved = sent + received + (head_complete_ ? 1 : 0);
  if (moved != moved_bytes_) {
    moved_bytes_ = moved;
    last_movement_ = now;
  } else if (now - last_movement_ >= options_.stall_timeout) {
    stalled_ = true;
    finish(CURLE_OPERATION_TIMEDOUT);
  }
}

void Exchange::finish(::CURLcode code) noexcept {
  done_ = true;
  code_ = code;
}

void Exchange::fail_body() const {
  if (parked_) {
    std::rethrow_exception(parked_);
  }
  ::curl_off_t promised = -1;
  ::curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &promised);
  const auto of = promised >= 0 ? " of " + std::to_string(promised) : "";
  const auto& seconds = std::to_string(options_.stall_timeout.count() / 1000);
  // For a connection that is closed early libcurl's message would repeat this one.
  const bool has_reason = !stalled_ && code_ != CURLE_PARTIAL_FILE && detail_.front() != '\0';
  throw Error(ErrorKind::unavailable,
              "the answer of " + options_.url.redacted() +
                  (stalled_ ? " stalled for " + seconds + " s" : " broke off") + " after " +
                  std::to_string(given_bytes_) + of + " bytes" +
                  (has_reason ? " (" + excerpt(detail_.data()) + ")" : ""));
}

} // namespace regctl::http
