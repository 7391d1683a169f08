// SPDX-License-Identifier: Apache-2.0
#include "server/http/daemon.hpp"
#include "server/router.hpp"
#include "server/v1/api.hpp"
#include "server/v1/service.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/server/server.hpp>

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <cerrno>
#include <vector>

namespace regctl::server {

namespace {

constexpr std::uint64_t k_pem_limit_bytes = 1024 * 1024;
constexpr int k_large_block_bytes = 1024 * 1024;
constexpr long k_tick_ns = 50'000'000;

sigset_t told_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    ::sigaddset(&signals, signal);
  }
  return signals;
}

/// Raises the limit as far as allowed: each connection needs a descriptor, and others for the files
/// that it reads and writes.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

/// Waits for one of the signals up to `timeout_ns` (negative: without limit). Returns the signal,
/// or 0 after the time.
int wait_for_signal(long timeout_ns) {
  const auto signals = told_signals();
  for (;;) {
    const timespec timeout{0, timeout_ns};
    const int signal = timeout_ns < 0 ? ::sigwaitinfo(&signals, nullptr)
                                      : ::sigtimedwait(&signals, nullptr, &timeout);
    if (signal > 0) {
      return signal;
    }
    if (errno != EINTR) {
      return 0;
    }
  }
}

} // namespace

class Server::Impl {
public:
  Impl(ServerOptions options, ServerSeams seams)
      : options_(std::move(options)), seams_(std::move(seams)),
        log_(options_.access_log, options_.log_format), v1_(service_) {
    // Hundreds of threads with a heap each would take the most memory of all.
    ::mallopt(M_ARENA_MAX, 4);
    ::mallopt(M_MMAP_THRESHOLD, k_large_block_bytes); // freed blocks go back to the system
    raise_descriptor_limit();
    listener_ = listen_on(options_.listen);
    check_openness();
    fill_service();
    daemons_.push_back(start_daemon());
  }

  [[nodiscard]] std::uint16_t port() const { return port_of(listener_); }
  [[nodiscard]] std::optional<std::size_t> repositories() const { return service_.index->size(); }

  void run_until_told() {
    for (;;) {
      const int signal = wait_for_signal(-1);
      if (signal == SIGHUP) {
        reload();
      } else if (signal != 0) {
        stop();
        return;
      }
    }
  }

private:
  void fill_service() {
    using Missing = V1Storage::Missing;
    service_.storage = seams_.open_storage(options_.storage,
                                           options_.read_only ? Missing::error : Missing::create);
    if (!options_.read_only) {
      service_.storage->lock_for_writing();
    }
    service_.auth = std::make_unique<Auth>(options_.htpasswd, options_.public_read);
    warn_if_locked();
    names_ = std::make_unique<OwnNames>(options_.hosts, exposure());
    router_ = std::make_unique<Router>(std::vector<Api*>{&v1_}, *names_, metrics_, log_);
    service_.index = service_.storage->keeps_out_other_processes()
                         ? make_folder_index(service_.storage)
                         : make_listed_index(service_.storage, seams_.note);
    service_.read_only = options_.read_only;
    service_.redirect = options_.redirect;
    service_.search = options_.search;
    service_.issue = options_.issue;
    service_.complain = seams_.note;
    service_.metrics = [this] { return metrics_.print(measure()); };
    if (seams_.mirror_source && !options_.read_only) {
      service_.mirror = std::make_unique<PullThrough>(
          service_.storage, seams_.mirror_source, seams_.note,
          [this](const std::string& name) { service_.index->add(name); },
          options_.require_checksum ? PullThrough::Unproven::refused : PullThrough::Unproven::told);
    }
  }

  void warn_if_locked() const {
    if (service_.auth->is_locked()) {
      seams_.note("'" + options_.htpasswd + "' names no users: nobody is let in");
    }
  }

  [[nodiscard]] Exposure exposure() const {
    if (service_.auth->has_users()) {
      return Exposure::guarded;
    }
    return is_on_loopback(listener_) ? Exposure::loopback : Exposure::open;
  }

  /// Refuses to serve other machines without TLS and users, unless the user says --open. Otherwise
  /// every client could replace images, or passwords would be sent unencrypted.
  void check_openness() const {
    const bool is_guarded = !options_.tls_cert.empty() && !options_.htpasswd.empty();
    if (!options_.open && !is_guarded && !is_on_loopback(listener_)) {
      throw Error(ErrorKind::usage,
                  options_.listen + " is reachable from other machines, and " +
                      (options_.htpasswd.empty() ? "everybody may write"
                                                 : "passwords would travel in the clear"),
                  "give --tls-cert, --tls-key and --htpasswd, or say --open");
    }
  }

  std::unique_ptr<Daemon> start_daemon() {
    DaemonOptions daemon{options_.connections, options_.timeout, {}, {}};
    if (!options_.tls_cert.empty()) {
      daemon.tls_certificate = read_file(options_.tls_cert, k_pem_limit_bytes);
      daemon.tls_key = read_file(options_.tls_key, k_pem_limit_bytes);
    }
    return std::make_unique<Daemon>(*router_, listener_, std::move(daemon));
  }

  Metrics::Gauges measure() const {
    Metrics::Gauges gauges;
    for (const auto& daemon : daemons_) {
      gauges.open_connections += daemon->open_connections();
    }
    if (const auto tree = service_.index->whole_tree()) {
      tree->for_each_repository([&](const std::string& name) {
        ++gauges.repositories;
        gauges.tags += tree->count_tags(name);
      });
      tree->for_each_image([&](const std::string&) { ++gauges.images; });
    }
    return gauges;
  }

  template <class Body> void note_failure(Body&& body) {
    try {
      body();
    } catch (const Error& error) {
      seams_.note(std::string(error.what()) + "; the old one stays");
    }
  }

  void reload() {
    note_failure([&] { log_.reopen(); });
    note_failure([&] {
      service_.auth->reload();
      warn_if_locked();
    });
    if (!options_.tls_cert.empty()) {
      // The library reads a certificate only once, so a second daemon takes over the listening
      // socket.
      note_failure([&] {
        auto fresh = start_daemon();
        // Removes daemons that were retired before and have no connections left. The last one still
        // listens.
        const auto* listening = daemons_.back().get();
        std::erase_if(daemons_, [&](const auto& old) {
          return old.get() != listening && old->open_connections() == 0;
        });
        for (const auto& old : daemons_) {
          old->stop_listening();
        }
        daemons_.push_back(std::move(fresh));
      });
    }
  }

  void stop() {
    for (const auto& daemon : daemons_) {
      daemon->stop_listening();
      daemon->refuse_requests();
    }
    listener_.close();
    const auto is_busy = [&] {
      if (service_.mirror && service_.mirror->is_busy()) {
        return true;
      }
      for (const auto& daemon : daemons_) {
        if (daemon->is_busy()) {
          return true;
        }
      }
      return false;
    };
    while (is_busy()) {
      const int signal = wait_for_signal(k_tick_ns);
      if (signal == SIGTERM || signal == SIGINT) {
        interrupt(); // ends threads that wait or write
        break;
      }
    }
    daemons_.clear();
  }

  ServerOptions options_;
  ServerSeams seams_;
  Service service_;
  Metrics metrics_;
  AccessLog log_;
  V1Api v1_;
  std::unique_ptr<OwnNames> names_; // this and the next are set in fill_service()
  std::unique_ptr<Router> router_;
  FileDescriptor listener_;
  std::vector<std::unique_ptr<Daemon>> daemons_; // the last one listens; destroyed first
};

Server::Server(ServerOptions options, ServerSeams seams)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(seams))) {}

Server::~Server() = default;

std::uint16_t Server::port() const noexcept {
  return impl_->port();
}

std::optional<std::size_t> Server::repositories() const {
  return impl_->repositories();
}

void Server::run_until_told() {
  impl_->run_until_told();
}

void Server::block_signals() {
  const auto signals = told_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

} // namespace regctl::server
