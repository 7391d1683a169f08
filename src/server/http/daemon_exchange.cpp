// SPDX-License-Identifier: Apache-2.0
#include "server/http/daemon_exchange.hpp"

#include "server/http/decoding.hpp"
#include "server/http/request_head.hpp"
#include "server/http/responses.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/whole_number.hpp>

#include <microhttpd.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <exception>
#include <new>
#include <utility>
#include <vector>

namespace regctl::server {

namespace {

/// An unwanted body is read up to this size, so that its sender gets to read the answer.
constexpr std::uint64_t k_unwanted_body_bytes = 1024 * 1024;
constexpr std::uint64_t k_linger_bytes = 64 * 1024 * 1024;
constexpr std::int64_t k_linger_pause_ms = 2000; // without a byte
constexpr std::int64_t k_linger_ms = 20'000;
constexpr double k_ms_in_second = 1000.0;

struct DestroyResponse {
  void operator()(MHD_Response* response) const noexcept { MHD_destroy_response(response); }
};
using ResponseHandle = std::unique_ptr<MHD_Response, DestroyResponse>;

/// An answer that is produced while it is sent. The time for that does not count against the
/// client.
struct Stream {
  std::unique_ptr<Source> source;
  Peer& peer;
};

ssize_t read_stream(void* opaque, std::uint64_t, char* out, std::size_t size) noexcept {
  auto& stream = *static_cast<Stream*>(opaque);
  try {
    stream.peer.resume(Phase::working);
    const auto n = stream.source->read(std::as_writable_bytes(std::span(out, size)));
    stream.peer.resume(Phase::answer);
    return n == 0 ? MHD_CONTENT_READER_END_OF_STREAM : static_cast<ssize_t>(n);
  } catch (...) { // the client must not take an incomplete answer for a whole one
    return MHD_CONTENT_READER_END_WITH_ERROR;
  }
}

void free_stream(void* stream) noexcept {
  delete static_cast<Stream*>(stream); // owned by the library until now
}

ResponseHandle make_handle(Response& response, Peer& peer, std::uint64_t& size_bytes) {
  if (response.file) {
    auto& file = *response.file;
    size_bytes = file.size_bytes;
    const int fd = ::fcntl(file.fd->get(), F_DUPFD_CLOEXEC, 0);
    ResponseHandle handle(
        MHD_create_response_from_fd_at_offset64(file.size_bytes, fd, file.offset));
    if (!handle) { // otherwise the library closes its own copy
      ::close(fd);
    }
    return handle;
  }
  if (response.stream) {
    size_bytes = response.stream_bytes.value_or(0);
    auto stream = std::make_unique<Stream>(Stream{std::move(response.stream), peer});
    ResponseHandle handle(MHD_create_response_from_callback(
        response.stream_bytes.value_or(MHD_SIZE_UNKNOWN), k_buffer_bytes, &read_stream,
        stream.get(), &free_stream));
    if (handle) { // the library owns it now
      static_cast<void>(stream.release());
    }
    return handle;
  }
  size_bytes = response.text.size();
  return ResponseHandle(MHD_create_response_from_buffer(response.text.size(), response.text.data(),
                                                        MHD_RESPMEM_MUST_COPY));
}

/// The distance of `text` behind `begin`; both point into the same buffer.
std::size_t distance_bytes(const char* begin, const char* text) {
  return reinterpret_cast<std::uintptr_t>(text) - reinterpret_cast<std::uintptr_t>(begin);
}

MHD_Result add_field(void* fields, MHD_ValueKind, const char* name, std::size_t name_bytes,
                     const char* value, std::size_t value_bytes) noexcept {
  try {
    RequestHead::Field field{{name, name_bytes}, {value, value_bytes}, 0, 0};
    if (value != nullptr) {
      field.space_bytes = distance_bytes(name, value) - name_bytes - 1;
    }
    static_cast<std::vector<RequestHead::Field>*>(fields)->push_back(field);
    return MHD_YES;
  } catch (...) {
    return MHD_NO;
  }
}

RequestHead read_head(MHD_Connection* connection, std::string_view method, std::string_view target,
                      std::string_view version) {
  RequestHead head{method, target, version, distance_bytes(method.data(), version.data()), {}, 0};
  if (MHD_get_connection_values_n(connection, MHD_HEADER_KIND, &add_field, &head.fields) !=
      static_cast<int>(head.fields.size())) {
    throw std::bad_alloc();
  }
  for (auto& field : head.fields) {
    field.at_bytes = distance_bytes(method.data(), field.name.data());
  }
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  head.size_bytes = info == nullptr ? 0 : info->header_size;
  return head;
}

} // namespace

class Exchange final : public Request {
public:
  Exchange(DaemonContext& context, MHD_Connection* connection, const char* target)
      : context_(context), connection_(connection), target_(target), begin_ms_(now_ms()),
        peer_(static_cast<Peer*>(
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
                ->socket_context)) {}

  /// Only a request with a complete head counts as running, so that a client that sends its head
  /// slowly does not delay the server's end.
  ~Exchange() override {
    if (stage_ != Stage::head) {
      --context_.running;
    }
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  bool go_on(const char* verb, const char* version, const char* data, std::size_t* size) {
    if (stage_ == Stage::head) {
      return begin(verb, version);
    }
    if (*size == 0) {
      return stage_ == Stage::answered || answer();
    }
    received_bytes_ += *size;
    const bool is_heard = stage_ == Stage::body;
    if (is_heard) {
      receive(std::as_bytes(std::span(data, *size)));
    }
    *size = 0;
    return !is_heard || stage_ != Stage::dropping || !is_worth_interrupting() || answer_between();
  }

  void finish(bool is_complete) {
    const double seconds = static_cast<double>(now_ms() - begin_ms_) / k_ms_in_second;
    const bool has_body = method != "HEAD";
    handler_.reset(); // releases an upload's resources before the client gets the answer
    const bool is_sent = is_complete || stage_ == Stage::cut;
    context_.application.done(*this, status_, is_sent && has_body ? answer_bytes_ : 0,
                              received_bytes_, seconds);
    if (lingers_) {
      linger();
    }
    peer_->begin(Phase::head);
  }

  // --- Request ---

  [[nodiscard]] std::optional<std::string> header(const char* name) const override {
    return look_up(MHD_HEADER_KIND, name);
  }

  [[nodiscard]] std::optional<std::string> query(const char* name) const override {
    auto value = look_up(MHD_GET_ARGUMENT_KIND, name);
    return value ? decode_query(*value) : std::nullopt;
  }

  [[nodiscard]] std::string peer() const override {
    const auto* info = MHD_get_connection_info(connection_, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    std::array<char, INET6_ADDRSTRLEN> text{};
    const auto* address = info == nullptr ? nullptr : info->client_addr;
    if (address == nullptr) {
      return "-";
    }
    const void* bytes =
        address->sa_family == AF_INET6
            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr)
            : &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    const auto* printed = ::inet_ntop(address->sa_family, bytes, text.data(), text.size());
    return printed == nullptr ? "-" : printed;
  }

  [[nodiscard]] std::optional<std::uint64_t> body_bytes() const override {
    const auto length = parse_whole_number<std::uint64_t>(header("Content-Length").value_or(""));
    return length || header("Transfer-Encoding") ? length : std::optional<std::uint64_t>(0);
  }

  [[nodiscard]] bool is_secure() const override { return context_.is_secure; }

  void check_wanted() const override {
    refuse_if_stopping();
    pollfd state{peer_->fd(), POLLRDHUP, 0};
    if (::poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) {
      throw Error(ErrorKind::interrupted, "the client has left");
    }
  }

private:
  enum class Stage {
    head,
    body,
    dropping,
    answered,
    cut, ///< answered in the middle of the body
  };

  [[nodiscard]] std::optional<std::string> look_up(MHD_ValueKind kind, const char* name) const {
    const char* value = nullptr;
    std::size_t size = 0;
    if (MHD_lookup_connection_value_n(connection_, kind, name, std::strlen(name), &value, &size) !=
        MHD_YES) {
      return std::nullopt;
    }
    return value == nullptr ? std::string() : std::string(value, size);
  }

  /// Called when the head is complete. If the body is not wanted, a small one is read before the
  /// answer, since clients read the answer only after they have sent everything. A large body is
  /// answered at once, and so is a client that asks first (Expect).
  bool begin(const char* verb, const char* version) {
    ++context_.running;
    stage_ = Stage::dropping;
    peer_->begin(Phase::working); // the handler may wait, as for another writer of an image
    method = verb;
    if (const auto fault = find_head_fault(read_head(connection_, verb, target_, version))) {
      handler_ = make_ready(error_response(fault->status, fault->text));
      lingers_ = true; // all further bytes are not a request
      return answer();
    }
    const auto size = body_bytes();
    open_handler();
    peer_->begin(Phase::body);
    if (error_ == nullptr && handler_ && handler_->wants_body()) {
      stage_ = Stage::body;
      return true;
    }
    const bool is_asking = header("Expect").has_value();
    const bool is_large = !size || *size > k_unwanted_body_bytes;
    if (is_asking || is_large) {
      lingers_ = is_large && !is_asking;
      return answer();
    }
    return true;
  }

  void open_handler() {
    try {
      refuse_if_busy();
      auto decoded = decode_path(target_);
      if (!decoded) {
        throw Error(ErrorKind::usage, "the path is not percent-encoded text");
      }
      path = std::move(*decoded);
      handler_ = context_.application.begin(*this);
    } catch (...) {
      error_ = std::current_exception();
    }
  }

  void refuse_if_stopping() const {
    if (context_.is_stopping) {
      throw Error(ErrorKind::unavailable, "the server is stopping");
    }
  }

  void refuse_if_busy() const {
    refuse_if_stopping();
    if (peer_->is_beyond_limit()) {
      throw Error(ErrorKind::unavailable, "too many connections");
    }
  }

  void receive(std::span<const std::byte> bytes) {
    peer_->resume(Phase::working);
    try {
      handler_->receive(bytes);
      stage_ = handler_->wants_body() ? Stage::body : Stage::dropping;
    } catch (...) {
      error_ = std::current_exception();
      handler_.reset(); // frees an upload's file and lock while the rest of the body comes
      stage_ = Stage::dropping;
    }
    peer_->resume(Phase::body);
  }

  bool answer() {
    stage_ = Stage::answered;
    peer_->begin(Phase::working);
    auto response = make_response();
    handler_.reset();
    status_ = response.status;
    peer_->begin(Phase::answer);
    auto handle = make_handle(response, *peer_, answer_bytes_);
    if (!handle) {
      return false;
    }
    for (const auto& header : response.headers) {
      MHD_add_response_header(handle.get(), header.name.c_str(), header.value.c_str());
    }
    const bool is_chunked = !body_bytes();
    if (context_.is_retired || peer_->is_beyond_limit() || lingers_ || is_chunked) {
      MHD_add_response_header(handle.get(), "Connection", "close");
    }
    return MHD_queue_response(connection_, static_cast<unsigned>(status_), handle.get()) == MHD_YES;
  }

  /// Whether the rest of the body is so large that its sender should be spared sending it.
  [[nodiscard]] bool is_worth_interrupting() const {
    const auto size = body_bytes();
    return !context_.is_secure && (!size || *size > received_bytes_ + k_unwanted_body_bytes);
  }

  /// Answers in the middle of a body and returns false, which closes the connection. libmicrohttpd
  /// 0.9.75 accepts an answer only before or after a body. This answer is therefore written past
  /// the library: it is plain text, and nothing else is waiting to be sent.
  bool answer_between() {
    peer_->begin(Phase::working);
    const auto response = make_response();
    handler_.reset();
    peer_->begin(Phase::answer);
    const auto head = print_head(response);
    if (send_now(head) && send_now(response.text)) {
      stage_ = Stage::cut;
      status_ = response.status;
      answer_bytes_ = response.text.size();
      lingers_ = true;
    }
    return false;
  }

  static std::string print_head(const Response& response) {
    std::string head =
        "HTTP/1.1 " + std::to_string(response.status) + " " +
        MHD_get_reason_phrase_for(static_cast<unsigned>(response.status)) +
        "\r\nConnection: close\r\nContent-Length: " + std::to_string(response.text.size()) + "\r\n";
    for (const auto& header : response.headers) {
      head += header.name + ": " + header.value + "\r\n";
    }
    return head + "\r\n";
  }

  /// Whether all of `text` fitted into the socket's buffer, which is empty while a body arrives.
  [[nodiscard]] bool send_now(std::string_view text) const {
    return ::send(peer_->fd(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
           static_cast<ssize_t>(text.size());
  }

  Response make_response() {
    try {
      if (error_) {
        std::rethrow_exception(error_);
      }
      return handler_->answer();
    } catch (const Error& error) {
      return context_.application.explain(*this, error);
    } catch (const std::bad_alloc&) {
      handler_.reset(); // frees memory for the answer
      return context_.application.explain(*this, Error(ErrorKind::unavailable, "memory is short"));
    } catch (const std::exception& error) {
      return context_.application.explain(*this, Error(ErrorKind::local_io, error.what()));
    }
  }

  /// Reads what the client still sends, since closing would otherwise reset the connection before
  /// the client has read the answer (RFC 9112 section 9.6).
  void linger() const {
    ::shutdown(peer_->fd(), SHUT_WR);
    std::array<char, 16 * 1024> dropped{};
    std::uint64_t total = 0;
    const auto end = now_ms() + k_linger_ms;
    while (total < k_linger_bytes && now_ms() < end && !context_.is_stopping) {
      pollfd waited{peer_->fd(), POLLIN, 0};
      if (::poll(&waited, 1, static_cast<int>(k_linger_pause_ms)) <= 0) {
        return;
      }
      const auto n = ::recv(peer_->fd(), dropped.data(), dropped.size(), MSG_DONTWAIT);
      if (n <= 0) {
        return;
      }
      total += static_cast<std::uint64_t>(n);
    }
  }

  DaemonContext& context_;
  MHD_Connection* connection_;
  std::string target_;
  std::int64_t begin_ms_;
  Peer* peer_; // belongs to the watch until the connection is closed
  std::unique_ptr<Handler> handler_;
  std::exception_ptr error_;
  Stage stage_ = Stage::head;
  bool lingers_ = false;
  int status_ = 0;
  std::uint64_t answer_bytes_ = 0;
  std::uint64_t received_bytes_ = 0;
};

// The library is C: no exception may pass through it.

Exchange* make_exchange(DaemonContext& context, MHD_Connection* connection,
                        const char* target) noexcept {
  try {
    return std::make_unique<Exchange>(context, connection, target).release();
  } catch (...) {
    return nullptr;
  }
}

bool continue_exchange(Exchange& exchange, const char* method, const char* version,
                       const char* data, std::size_t* size) noexcept {
  try {
    return exchange.go_on(method, version, data, size);
  } catch (...) {
    return false;
  }
}

void finish_exchange(Exchange* exchange, bool is_complete) noexcept {
  const std::unique_ptr<Exchange> owned(exchange);
  try {
    owned->finish(is_complete);
  } catch (...) { // no client is left to answer
  }
}

} // namespace regctl::server
