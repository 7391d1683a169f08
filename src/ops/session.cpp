// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/hash.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/objects/buckets.hpp>
#include <regctl/ops/session.hpp>
#include <regctl/registry/registries.hpp>
#include <regctl/registry/v2/registry.hpp>
#include <regctl/server/original_config.hpp>

#include <algorithm>
#include <chrono>
#include <mutex>

namespace regctl::ops {

namespace {

http::ClientOptions with_settings(http::ClientOptions options, const http::Settings& settings) {
  options.settings = [&settings](const std::string& host_port) {
    auto found = settings.for_host(host_port);
    http::HostSettings host;
    host.verify_tls = !found.insecure;
    host.ca_files = std::move(found.certs_d_authorities);
    if (!found.ca_file.empty()) {
      host.ca_files = {found.ca_file};
    }
    host.client_certificates = std::move(found.certs_d_certificates);
    if (!found.client_cert.empty()) {
      host.client_certificates = {{found.client_cert, found.client_key}};
    }
    host.tls_min = found.tls_min.value_or(host.tls_min);
    return host;
  };
  return options;
}

registry::v2::Options v2_options(const V2Writing& writing) {
  return {.chunk_bytes = writing.chunk_bytes,
          .shared_digest = writing.replaces_shared_tags ? registry::v2::SharedDigest::replace
                                                        : registry::v2::SharedDigest::refuse,
          .upload_folder = writing.upload_folder};
}

} // namespace

/// Spaces the requests to hosts with a limit of requests a second. Thread-safe.
class Session::RequestPace {
public:
  explicit RequestPace(const std::map<std::string, double>& requests_per_second) {
    for (const auto& [host, rate] : requests_per_second) {
      hosts_[host].gap =
          std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1.0 / rate));
    }
  }

  void wait(const std::string& host) {
    const auto found = hosts_.find(host);
    if (found == hosts_.end()) {
      return;
    }
    Clock::duration left{};
    {
      const std::lock_guard lock(mutex_);
      const auto now = Clock::now();
      auto& next = found->second.next;
      next = std::max(next, now);
      left = next - now;
      next += found->second.gap;
    }
    interruptible_sleep_ms(std::chrono::ceil<std::chrono::milliseconds>(left).count());
  }

private:
  using Clock = std::chrono::steady_clock;

  struct Host {
    Clock::duration gap{};
    Clock::time_point next{};
  };

  std::mutex mutex_; ///< guards Host::next
  std::map<std::string, Host> hosts_;
};

// The client refers to options_.settings and pace_, which live as long as the session.
Session::Session(SessionOptions options, Progress& progress)
    : options_(std::move(options)),
      pace_(options_.requests_per_second.empty()
                ? nullptr
                : std::make_unique<RequestPace>(options_.requests_per_second)),
      progress_(progress), credentials_(options_.credentials), client_([this] {
        auto client = with_settings(options_.client, options_.settings);
        client.settings = [this, usual = client.settings](const std::string& host) {
          auto settings = usual(host);
          if (auto authorities = buckets_ ? buckets_->ca_file_for(host) : "";
              !authorities.empty()) {
            settings.ca_files.push_back(std::move(authorities));
          }
          return settings;
        };
        if (pace_) {
          client.before_request = [this](const std::string& host) { pace_->wait(host); };
        }
        return client;
      }()),
      registries_(std::make_unique<registry::Registries>(client_, credentials_, options_.settings,
                                                         v2_options(options_.v2))),
      buckets_(std::make_unique<objects::Buckets>(
          client_, options_.environment, options_.credentials.note,
          [this] { return server::find_original_bucket(options_.environment); })) {
  prepare_hashing();
}

Session::~Session() = default;

} // namespace regctl::ops
