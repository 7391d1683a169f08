// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/piecewise_source.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/http/transport.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace regctl::test {

/// A request as it reached a server.
struct SeenRequest {
  std::string line; ///< "GET /v1/_ping"; "GET http://other:5000/v1/_ping" at any other origin
  http::Headers headers = {};
  std::string authorization = {};
  std::string body = {};
  std::optional<std::uint64_t> announced_bytes = {}; ///< of the body
  std::optional<http::Url> named_by = {};
  std::shared_ptr<http::OriginShares> cookies = {};
  http::Repeat repeat = http::Repeat::allowed;
  std::optional<std::chrono::milliseconds> stall_timeout = {};
};

/// What a server answers.
struct Reply {
  enum class End { clean, cut };

  int status = 200;
  std::string body = {};
  http::Headers headers = {};
  End end = End::clean;
  std::string redirected_to = {};  ///< the URL that gave the answer; empty: that of the request
  std::optional<Error> error = {}; ///< thrown instead of an answer
};

/// Nobody answers.
inline Reply no_answer(ErrorKind kind = ErrorKind::unavailable) {
  Reply reply;
  reply.error = Error(kind, "nobody answers");
  return reply;
}

/// Servers played without sockets: each request is answered as on() said, and kept. What on() did
/// not name is 404. Retries and redirects are a Client's matter, so there are none. Thread-safe;
/// answers are made outside of its lock.
class FakeServer final : public http::Transport {
public:
  using Answer = std::function<Reply(const SeenRequest&)>;

  /// `origin` is the one that lines leave out.
  explicit FakeServer(std::string origin) : origin_(std::move(origin)) {
    told.retry_delay = std::chrono::milliseconds(0);
    told.note = [this](const std::string& sentence) {
      const std::lock_guard lock(mutex_);
      notes_ += sentence + "\n";
    };
  }

  void on(const std::string& line, Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_[line] = std::move(answer);
  }

  /// The replies one after the other, and the last one again and again.
  void on(const std::string& line, std::vector<Reply> replies) {
    on(line, [replies = std::move(replies), next = std::size_t{0}](const SeenRequest&) mutable {
      const auto& reply = replies.at(next);
      next = std::min(next + 1, replies.size() - 1);
      return reply;
    });
  }

  /// Called with each request before it is answered; may throw in place of an answer.
  std::function<void(const SeenRequest&)> before;

  /// Asked before on(): the reply to whoever is not let in.
  std::function<std::optional<Reply>(const SeenRequest&)> guard;

  http::TransportOptions told;

  [[nodiscard]] std::vector<SeenRequest> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const auto& request : seen()) {
      lines.push_back(request.line);
    }
    return lines;
  }

  /// All requests of this line.
  [[nodiscard]] std::vector<SeenRequest> seen(const std::string& line) const {
    std::vector<SeenRequest> found;
    for (auto& request : seen()) {
      if (request.line == line) {
        found.push_back(std::move(request));
      }
    }
    return found;
  }

  /// Forgets what it has seen so far.
  void forget() {
    const std::lock_guard lock(mutex_);
    seen_.clear();
  }

  [[nodiscard]] std::string notes() const {
    const std::lock_guard lock(mutex_);
    return notes_;
  }

  http::Response send(const http::Request& request) override {
    const auto arrived = take(request);
    if (before) {
      before(arrived);
    }
    const auto reply = answer(arrived);
    if (reply.error) {
      throw *reply.error;
    }
    using End = PiecewiseSource::End;
    return {reply.status, reply.headers,
            reply.redirected_to.empty() ? request.url : http::Url::parse(reply.redirected_to),
            std::make_unique<PiecewiseSource>(reply.body, k_buffer_bytes,
                                              reply.end == Reply::End::cut ? End::failing
                                                                           : End::clean)};
  }

  Attempt attempt(const http::Request& request) override {
    try {
      return {send(request), std::nullopt, http::Obstacle::other};
    } catch (const Error& error) {
      return {std::nullopt, error, obstacle};
    }
  }

  /// Why an attempt gets no answer.
  http::Obstacle obstacle = http::Obstacle::other;

  [[nodiscard]] const http::TransportOptions& options() const noexcept override { return told; }

private:
  SeenRequest take(http::Request request) {
    if (request.sign) {
      std::exchange(request.sign, nullptr)(request);
    }
    const auto origin = request.url.origin();
    SeenRequest arrived;
    arrived.line = std::string(http::to_string(request.method)) + " " +
                   (origin == origin_ ? "" : origin) + request.url.target;
    arrived.headers = request.headers;
    arrived.authorization = request.authorization.reveal();
    if (request.body) {
      arrived.body = read_text(*request.body->open(), k_body_limit_bytes, "a body");
      arrived.announced_bytes = request.body->size_bytes;
    }
    arrived.named_by = request.named_by;
    arrived.cookies = request.cookies;
    arrived.repeat = request.repeat;
    arrived.stall_timeout = request.stall_timeout;
    const std::lock_guard lock(mutex_);
    seen_.push_back(arrived);
    return arrived;
  }

  Reply answer(const SeenRequest& arrived) {
    if (guard) {
      if (const auto refusal = guard(arrived)) {
        return *refusal;
      }
    }
    Answer* found = nullptr;
    {
      const std::lock_guard lock(mutex_);
      const auto place = answers_.find(arrived.line);
      found = place == answers_.end() ? nullptr : &place->second;
    }
    return found == nullptr ? Reply{404, "no such thing"} : (*found)(arrived);
  }

  static constexpr std::uint64_t k_body_limit_bytes = 64 << 20;

  std::string origin_;
  mutable std::mutex mutex_; ///< guards what follows
  std::map<std::string, Answer> answers_;
  std::vector<SeenRequest> seen_;
  std::string notes_;
};

} // namespace regctl::test
