// SPDX-License-Identifier: Apache-2.0
#include "http/exchange.hpp"
#include "http/failure.hpp"
#include "http/gate.hpp"
#include "http/redirect.hpp"
#include "http/retry.hpp"

#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/http/client.hpp>
#include <regctl/http/rate_limit.hpp>

#include <algorithm>
#include <ctime>
#include <map>
#include <mutex>
#include <random>
#include <set>

namespace regctl::http {

namespace {

constexpr int k_most_redirects = 10;
constexpr int k_length_required = 411;

class BodySource final : public Source {
public:
  BodySource(std::unique_ptr<Exchange> exchange, std::unique_ptr<Gates::Slot> slot)
      : slot_(std::move(slot)), exchange_(std::move(exchange)) {}

  std::size_t read(std::span<std::byte> out) override {
    const auto n = exchange_->read(out);
    if (n == 0) {
      slot_.reset();
    }
    return n;
  }

private:
  std::unique_ptr<Gates::Slot> slot_; // released after the exchange has closed its connection
  std::unique_ptr<Exchange> exchange_;
};

double jitter() {
  thread_local std::minstd_rand generator(std::random_device{}());
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

std::string seconds(std::chrono::milliseconds delay) {
  if (delay >= std::chrono::minutes(2)) {
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(delay).count();
    return minutes < 120 ? std::to_string(minutes) + " min"
                         : std::to_string((minutes + 59) / 60) + " h";
  }
  const auto tenths = (delay.count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string host_port(const Url& url) {
  const auto origin = url.origin();
  return origin.substr(origin.find("://") + 3);
}

std::optional<std::chrono::milliseconds> retry_after(const Headers& headers) {
  const auto value = headers.find("Retry-After");
  return value ? parse_retry_after(*value, std::time(nullptr)) : std::nullopt;
}

/// The index of the client certificate for each origin: the next one after a refusal. Thread-safe.
class ShownCertificates {
public:
  std::size_t shown(const std::string& origin) {
    const std::lock_guard lock(mutex_);
    const auto found = shown_.find(origin);
    return found == shown_.end() ? 0 : found->second;
  }

  void show(const std::string& origin, std::size_t certificate) {
    const std::lock_guard lock(mutex_);
    shown_[origin] = certificate;
  }

private:
  std::mutex mutex_;
  std::map<std::string, std::size_t> shown_;
};

/// A set of hosts. Thread-safe.
class HostSet {
public:
  bool contains(const std::string& host) {
    const std::lock_guard lock(mutex_);
    return hosts_.contains(host);
  }

  /// Returns false if the host was in the set already.
  bool insert(const std::string& host) {
    const std::lock_guard lock(mutex_);
    return hosts_.insert(host).second;
  }

private:
  std::mutex mutex_;
  std::set<std::string> hosts_;
};

} // namespace

class Client::Impl {
public:
  explicit Impl(ClientOptions options) : options_(std::move(options)), gates_(options_) {
    if (!options_.settings) {
      options_.settings = [](const std::string&) { return HostSettings(); };
    }
  }

  [[nodiscard]] const ClientOptions& options() const noexcept { return options_; }

  Response send(const Request& request) {
    const bool is_chunked = request.body && !request.body->size_bytes;
    const auto host = host_port(request.url);
    if (!is_chunked || !wanting_length_.contains(host)) {
      auto response = send_as_it_is(request);
      if (!is_chunked || response.status != k_length_required) {
        return response;
      }
      discard_body(response);
      if (wanting_length_.insert(host)) {
        note(host +
             ", or what stands before it, wants the length of what is sent: what has none yet is "
             "kept in a temporary file first");
      }
    }
    return send_as_it_is(with_length(request));
  }

  Attempt attempt(const Request& request) {
    auto outcome = try_once(request);
    if (outcome.exchange) {
      return {respond(std::move(outcome), nullptr), std::nullopt, Obstacle::other};
    }
    return {std::nullopt, outcome.failure->error, outcome.failure->obstacle};
  }

private:
  /// The result of one attempt with its redirects: an exchange with a complete head, or a failure.
  struct Outcome {
    std::unique_ptr<Exchange> exchange;
    Url url;
    std::optional<Failure> failure;
  };

  /// `request`, with its body read into a temporary file.
  static Request with_length(const Request& request) {
    const auto source = request.body->open();
    const auto kept = keep_bytes(*source);
    auto changed = request;
    changed.body = Body{[kept] { return kept.open(); }, kept.size_bytes};
    return changed;
  }

  Response send_as_it_is(const Request& request) {
    for (unsigned attempt = 1;; ++attempt) {
      auto slot = gates_.enter(host_port(request.url), request.method);
      auto outcome = try_once(request);
      if (!outcome.exchange) {
        slot.reset();
        retry_or_throw(request, outcome.failure.value(), attempt);
        continue;
      }
      const auto wanted_pause = retry_after(outcome.exchange->headers());
      slot->answered(outcome.exchange->status(), wanted_pause);
      heed_rate_limit(*slot, request, outcome);
      if (outcome.exchange->status() >= 400) {
        slot.reset(); // error answers do not keep a slot, see Gates
      }
      const auto proxy = outcome.exchange->proxy();
      auto response = respond(std::move(outcome), std::move(slot));
      if (!wait_after_status(request, response, wanted_pause, proxy, attempt)) {
        return response;
      }
    }
  }

  /// Has further requests wait where the host allows no more. What storage behind a redirect says
  /// is not about the host.
  void heed_rate_limit(Gates::Slot& slot, const Request& request, const Outcome& outcome) {
    const auto host = host_port(request.url);
    const auto limit = host_port(outcome.url) == host
                           ? read_rate_limit(outcome.exchange->headers(), std::time(nullptr))
                           : std::nullopt;
    if (limit && slot.limited(*limit) && limited_.insert(host)) {
      note("the rate limit of " + host + " is used up: requests wait up to " +
           seconds(*limit->renewed_in) + " until it is renewed");
    }
  }

  /// `request` at `url`, signed.
  static Request signed_for(const Request& request, const Url& url) {
    auto attempt = request;
    attempt.url = url;
    attempt.sign = nullptr;
    request.sign(attempt);
    return attempt;
  }

  Outcome try_once(const Request& request) {
    auto url = request.url;
    std::optional<NamedBy> named_by;
    if (request.named_by) {
      named_by = NamedBy{*request.named_by, kinds_.of(*request.named_by)};
    }
    for (int hop = 0;; ++hop) {
      if (named_by) {
        check_named_host(*named_by, url);
      }
      auto exchange = request.sign ? start(signed_for(request, url), url, named_by)
                                   : start(request, url, named_by);
      if (!exchange->wait_for_head()) {
        auto failure = failure_of(*exchange, url, named_by);
        if (shows_another_certificate(url, *exchange, failure)) {
          --hop;
          continue;
        }
        return {nullptr, url, std::move(failure)};
      }
      if (!named_by) {
        kinds_.remember(url, exchange->peer_kind());
        named_by = NamedBy{url, exchange->peer_kind()}; // the server whose redirects come next
      }
      if (exchange->status() == 407 && !exchange->proxy().empty()) {
        return {nullptr, url, proxy_wants_credentials(exchange->proxy(), url)};
      }
      const auto next = redirect_target(request, exchange->status(), exchange->headers(), url);
      if (!next) {
        return {std::move(exchange), url, std::nullopt};
      }
      if (hop == k_most_redirects) {
        throw Error(ErrorKind::protocol, request.url.redacted() + " leads through more than " +
                                             std::to_string(k_most_redirects) + " redirects");
      }
      url = *next;
    }
  }

  /// Whether `url` refused the client certificate and there is another one to try; selects that.
  /// The alert of a refusal may be lost when the connection is closed, so a cut after the handshake
  /// counts as a refusal too.
  bool shows_another_certificate(const Url& url, const Exchange& exchange, const Failure& failure) {
    const bool is_refused =
        failure.obstacle == Obstacle::after_tls ||
        (failure.obstacle == Obstacle::certificate && exchange.is_refused_by_alert());
    const auto count =
        is_refused ? options_.settings(host_port(url)).client_certificates.size() : 0;
    if (count < 2) {
      return false;
    }
    const auto next = (exchange.certificate() + 1) % count; // the first again, in case it was a cut
    certificates_.show(url.origin(), next);
    return next != 0;
  }

  static Response respond(Outcome outcome, std::unique_ptr<Gates::Slot> slot) {
    const int status = outcome.exchange->status();
    auto headers = outcome.exchange->headers();
    return {status, std::move(headers), std::move(outcome.url),
            std::make_unique<BodySource>(std::move(outcome.exchange), std::move(slot))};
  }

  std::unique_ptr<Exchange> start(const Request& request, const Url& url,
                                  const std::optional<NamedBy>& named_by) {
    if (options_.before_request) {
      options_.before_request(host_port(url));
    }
    ExchangeOptions options;
    options.method = request.method;
    options.url = url;
    options.headers = request.headers;
    options.cookies = request.cookies;
    if (is_authorized_at(request, url)) {
      options.authorization = request.authorization;
    }
    if (named_by && named_by->url.host != url.host) {
      options.named_by = named_by;
    }
    if (url.scheme == "https") { // the settings concern only TLS, and finding them reads folders
      options.settings = options_.settings(host_port(url));
      options.certificate = certificates_.shown(url.origin());
    }
    options.connect_timeout = options_.connect_timeout;
    options.stall_timeout = request.stall_timeout.value_or(options_.stall_timeout);
    options.user_agent = &options_.user_agent;
    options.debug = &options_.debug;
    std::unique_ptr<Source> upload;
    if (request.body) {
      options.upload_bytes = request.body->size_bytes;
      upload = request.body->open();
    }
    return std::make_unique<Exchange>(loops_, shares_, std::move(options), std::move(upload));
  }

  Failure failure_of(const Exchange& exchange, const Url& url,
                     const std::optional<NamedBy>& named_by) const {
    if (named_by && !exchange.refused_address().empty()) {
      return {refused_address(*named_by, url, exchange.refused_address()), Obstacle::other, false};
    }
    if (exchange.is_stalled()) {
      return {Error(ErrorKind::unavailable,
                    url.origin() +
                        (exchange.has_head_begun() ? " has not ended the head of its answer after "
                                                   : " neither sent nor took a byte for ") +
                        std::to_string(exchange.stall_timeout().count() / 1000) + " s",
                    exchange.stall_timeout() == options_.stall_timeout
                        ? "--timeout SECONDS waits longer"
                        : ""),
              Obstacle::other, true};
    }
    const auto failure = exchange.failure();
    if (failure.code == CURLE_SSL_CACERT_BADFILE || failure.code == CURLE_SSL_CERTPROBLEM) {
      if (auto unreadable = find_unreadable(options_.settings(host_port(url)), url)) {
        return {std::move(*unreadable), Obstacle::certificate, false};
      }
    }
    return describe_failure(failure, url);
  }

  /// The error of an unreadable certificate file, if that is the cause. libcurl's message is the
  /// same for a missing file and for one without certificates.
  static std::optional<Error> find_unreadable(const HostSettings& settings, const Url& url) {
    auto files = settings.ca_files;
    for (const auto& ours : settings.client_certificates) {
      files.insert(files.end(), {ours.file, ours.key});
    }
    for (const auto& file : files) {
      try {
        if (!file.empty()) {
          static_cast<void>(open_for_reading(file));
        }
      } catch (const Error& error) {
        return Error(ErrorKind::usage,
                     "cannot use a certificate for " + url.origin() + ": " + error.message(),
                     "check --ca-file, --client-cert and --client-key, their like in the "
                     "configuration, and certs.d");
      }
    }
    return std::nullopt;
  }

  /// After an attempt without an answer: waits for the next attempt, or throws.
  void retry_or_throw(const Request& request, const Failure& failure, unsigned attempt) {
    const bool nobody = failure.obstacle == Obstacle::nobody || // nothing was sent
                        failure.obstacle == Obstacle::handshake;
    const auto most =
        nobody ? std::min(options_.unreachable_retries, options_.retries) : options_.retries;
    const bool may_repeat = failure.may_pass && (request.repeat != Repeat::never || nobody);
    if (!may_repeat || attempt > most) {
      throw failure.error;
    }
    const auto first = nobody ? options_.retry_delay / 2 : options_.retry_delay;
    pause(failure.error.message(), retry_delay(attempt, first, jitter(), std::nullopt), attempt,
          most);
  }

  /// Whether the status may pass and another attempt is due. Waits for that attempt.
  bool wait_after_status(const Request& request, Response& response,
                         std::optional<std::chrono::milliseconds> wanted, const std::string& proxy,
                         unsigned attempt) {
    if (!is_passing(response.status) ||
        (response.status == 500 && request.repeat == Repeat::not_after_500)) {
      return false;
    }
    const auto most = retries_after(response.status, options_.retries);
    const auto status = host_port(response.url) +
                        (proxy.empty() ? "" : ", or the proxy " + proxy + " before it,") +
                        " answered " + std::to_string(response.status);
    if (request.repeat == Repeat::never || attempt > most) {
      if (!proxy.empty()) {
        note(status); // the caller's message does not name the proxy
      }
      return false;
    }
    if (wanted && *wanted > k_longest_retry_after) {
      note(status + " and wants to be left alone for " + seconds(*wanted) +
           ", which is too long to wait");
      return false;
    }
    discard_body(response);
    pause(status, retry_delay(attempt, options_.retry_delay, jitter(), wanted), attempt, most);
    return true;
  }

  void pause(const std::string& why, std::chrono::milliseconds delay, unsigned attempt,
             unsigned most) {
    note(why + "; trying again in " + seconds(delay) + " (" + std::to_string(attempt) + " of " +
         std::to_string(most) + ")");
    interruptible_sleep_ms(static_cast<long>(delay.count()));
  }

  void note(const std::string& sentence) {
    if (options_.note) {
      options_.note(sentence);
    }
  }

  ClientOptions options_;
  Gates gates_;
  PeerKinds kinds_;
  ShownCertificates certificates_;
  HostSet wanting_length_; ///< hosts that answered 411
  HostSet limited_;        ///< hosts whose rate limit was used up
  OriginShares shares_;    // used by the handles of the loops, so destroyed after them
  Loops loops_;
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Client::~Client() = default;

Response Client::send(const Request& request) {
  return impl_->send(request);
}

Client::Attempt Client::attempt(const Request& request) {
  return impl_->attempt(request);
}

const ClientOptions& Client::options() const noexcept {
  return impl_->options();
}

} // namespace regctl::http
