// SPDX-License-Identifier: Apache-2.0
#include "server/http/daemon.hpp"

#include "server/http/daemon_exchange.hpp"
#include "server/http/daemon_watch.hpp"

#include <regctl/base/error.hpp>

#include <microhttpd.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdarg>
#include <cstring>

namespace regctl::server {

namespace {

constexpr std::size_t k_buffer_per_connection = 64 * 1024;
constexpr std::size_t k_stack_bytes = 512 * 1024;
/// The strictest level. In 0.9.75 that level adds two checks that find_head_fault() makes too, and
/// answers worse: two heads for a request without a host, no answer for a target with spaces.
constexpr int k_strictness = MHD_VERSION > 0x00097500 ? 1 : 0;
/// Priorities of GnuTLS: TLS 1.2 or later.
constexpr const char* k_tls_priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
/// How many connections beyond the limit still get an answer; further ones are closed.
constexpr unsigned k_refused_connections = 512;

struct StopDaemon {
  void operator()(MHD_Daemon* daemon) const noexcept { MHD_stop_daemon(daemon); }
};

/// Leaves names and paths encoded for us to decode, since a "%00" would end the library's text.
std::size_t leave_escaped(void*, MHD_Connection*, char* text) {
  return std::strlen(text);
}

void* on_request_line(void* self, const char* target, MHD_Connection* connection) {
  return make_exchange(*static_cast<DaemonContext*>(self), connection, target);
}

MHD_Result on_request(void*, MHD_Connection*, const char*, const char* method, const char* version,
                      const char* data, std::size_t* size, void** exchange) {
  auto* begun = static_cast<Exchange*>(*exchange);
  return begun != nullptr && continue_exchange(*begun, method, version, data, size) ? MHD_YES
                                                                                    : MHD_NO;
}

void on_completed(void*, MHD_Connection*, void** exchange, MHD_RequestTerminationCode reason) {
  if (*exchange != nullptr) {
    finish_exchange(static_cast<Exchange*>(*exchange),
                    reason == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    *exchange = nullptr;
  }
}

void on_connection(void* self, MHD_Connection* connection, void** peer,
                   MHD_ConnectionNotificationCode code) {
  auto& context = *static_cast<DaemonContext*>(self);
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *peer = context.watch.add(info->connect_fd, context.is_secure);
  } else if (*peer != nullptr) {
    context.watch.remove(static_cast<Peer*>(*peer));
    *peer = nullptr;
  }
}

/// Ignores the library's log: it is about broken clients, and the operator cannot mend those.
void ignore_log(void*, const char*, va_list) {}

} // namespace

class Daemon::Impl {
public:
  Impl(Application& application, const FileDescriptor& listener, const DaemonOptions& options)
      : watch_(options.timeout, options.connections),
        context_{application, watch_, !options.tls_certificate.empty(), {}, {}, {}} {
    start(listener, options);
  }

  void stop_listening() {
    if (context_.is_retired.exchange(true)) {
      return; // the library would return the same descriptor again
    }
    const int listener = MHD_quiesce_daemon(daemon_.get());
    if (listener >= 0) {
      ::close(listener);
    }
  }

  void refuse_requests() noexcept { context_.is_stopping = true; }
  [[nodiscard]] bool is_busy() const noexcept { return context_.running > 0; }
  [[nodiscard]] std::size_t open_connections() const noexcept { return watch_.count(); }

private:
  void start(const FileDescriptor& listener, const DaemonOptions& options) {
    const int socket = ::fcntl(listener.get(), F_DUPFD_CLOEXEC, 0); // the library closes it
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                     MHD_USE_POLL | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    std::array<MHD_OptionItem, 4> tls{};
    if (context_.is_secure) {
      flags |= MHD_USE_TLS;
      tls[0] = {MHD_OPTION_HTTPS_MEM_CERT, 0, const_cast<char*>(options.tls_certificate.c_str())};
      tls[1] = {MHD_OPTION_HTTPS_MEM_KEY, 0, const_cast<char*>(options.tls_key.c_str())};
      tls[2] = {MHD_OPTION_HTTPS_PRIORITIES, 0, const_cast<char*>(k_tls_priorities)};
      tls[3] = {MHD_OPTION_END, 0, nullptr};
    } else {
      tls[0] = {MHD_OPTION_END, 0, nullptr};
    }
    daemon_.reset(MHD_start_daemon(
        flags, 0, nullptr, nullptr, &on_request, &context_, //
        MHD_OPTION_EXTERNAL_LOGGER, &ignore_log, nullptr, // first: later options are reported to it
        MHD_OPTION_LISTEN_SOCKET, socket,                 //
        MHD_OPTION_STRICT_FOR_CLIENT, k_strictness,       //
        MHD_OPTION_URI_LOG_CALLBACK, &on_request_line, &context_, MHD_OPTION_UNESCAPE_CALLBACK,
        &leave_escaped, nullptr, MHD_OPTION_NOTIFY_COMPLETED, &on_completed, &context_,
        MHD_OPTION_NOTIFY_CONNECTION, &on_connection, &context_, MHD_OPTION_CONNECTION_LIMIT,
        static_cast<unsigned>(options.connections) + k_refused_connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, k_buffer_per_connection, MHD_OPTION_THREAD_STACK_SIZE,
        k_stack_bytes, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, //
        MHD_OPTION_ARRAY, tls.data(), MHD_OPTION_END));
    if (!daemon_) {
      // If the library cannot read the certificate, it has closed the socket. Closing it again
      // could close a descriptor that another thread has opened since.
      throw Error(ErrorKind::usage,
                  context_.is_secure ? "the server cannot start with this certificate and key"
                                     : "the server cannot start",
                  context_.is_secure ? "both have to be PEM files, and the key the certificate's"
                                     : "");
    }
  }

  Watch watch_;           // outlives the daemon's threads
  DaemonContext context_; // like watch_
  std::unique_ptr<MHD_Daemon, StopDaemon> daemon_;
};

Daemon::Daemon(Application& application, const FileDescriptor& listener,
               const DaemonOptions& options)
    : impl_(std::make_unique<Impl>(application, listener, options)) {}

Daemon::~Daemon() = default;

void Daemon::stop_listening() {
  impl_->stop_listening();
}

void Daemon::refuse_requests() {
  impl_->refuse_requests();
}

bool Daemon::is_busy() const noexcept {
  return impl_->is_busy();
}

std::size_t Daemon::open_connections() const noexcept {
  return impl_->open_connections();
}

} // namespace regctl::server
