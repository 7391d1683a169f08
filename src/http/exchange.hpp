// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/cookies.hpp"
#include "http/curl_handle.hpp"
#include "http/failure.hpp"
#include "http/named_host.hpp"

#include <regctl/http/host_settings.hpp>
#include <regctl/http/message.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace regctl::http {

class Exchange;

/// One event loop of libcurl with its connections. Used by one thread at a time.
class Loop {
public:
  Loop();

  void add(Exchange& exchange);
  void remove(Exchange& exchange) noexcept;
  [[nodiscard]] bool is_idle() const noexcept { return exchanges_ == 0; }

  /// Moves all bytes that can be moved without waiting, for all exchanges of the loop.
  void perform();
  /// Waits until a descriptor is ready or `timeout` has passed. Throws Error{interrupted}.
  void wait(std::chrono::milliseconds timeout);

private:
  MultiHandle multi_;
  std::size_t exchanges_ = 0;
};

/// Lends loops to threads. A thread that already has an exchange gets the same loop for the next
/// one, so that a download and the upload that reads from it progress together. A loop that was
/// given back keeps its connections for the next thread. Thread-safe.
class Loops {
public:
  Loops();
  ~Loops();
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;
  Loop& borrow();
  void give_back(Loop& loop) noexcept;

private:
  struct Lent;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Loop>> idle_;
  std::vector<Lent> lent_;
};

/// Options of an exchange. The pointers must outlive it; all else is copied.
struct ExchangeOptions {
  Method method = Method::get;
  Url url;
  Headers headers;
  Secret authorization;                      ///< value of the Authorization header; empty: none
  std::shared_ptr<OriginShares> cookies;     ///< null: the client's own jar
  std::optional<std::uint64_t> upload_bytes; ///< size of the body, if known
  HostSettings settings;
  std::size_t certificate = 0; ///< index of the client certificate in `settings`
  /// The server that named `url`, if one did: addresses that it may not name are not asked.
  std::optional<NamedBy> named_by;
  std::chrono::milliseconds connect_timeout{0};
  std::chrono::milliseconds stall_timeout{0};
  const std::string* user_agent = nullptr;
  const std::function<void(const std::string&)>* debug = nullptr;
};

/// One request and its answer. Neither copyable nor movable: libcurl keeps its address.
///
/// libcurl must not be called from its own callbacks, so bodies are read and delivered between
/// calls of the loop. The upload's callback copies from a buffer and pauses when that is empty. The
/// download's callback fills a buffer, or the reader's own memory, and pauses when the buffer is
/// full.
class Exchange {
public:
  /// `upload` is the body to send, or null.
  Exchange(Loops& loops, OriginShares& shares, ExchangeOptions options,
           std::unique_ptr<Source> upload);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Sends the request and waits for the head of the answer. False if none came: see failure().
  bool wait_for_head();

  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] const Headers& headers() const noexcept { return headers_; }
  /// "host:port" of the proxy that was asked, or empty.
  [[nodiscard]] const std::string& proxy() const noexcept { return proxy_.name; }

  /// The kind of the peer's address. Through a proxy only the host's name is known.
  [[nodiscard]] AddressKind peer_kind() const;
  /// The address that was refused because the server may not name it, or empty.
  [[nodiscard]] const std::string& refused_address() const noexcept { return refused_address_; }

  /// Like Source::read for the answer's body.
  std::size_t read(std::span<std::byte> out);

  /// The reason why no head came.
  [[nodiscard]] CurlFailure failure() const;
  /// Whether the peer ended the TLS connection with an alert.
  [[nodiscard]] bool is_refused_by_alert() const;
  /// Index of the client certificate that was sent.
  [[nodiscard]] std::size_t certificate() const noexcept { return options_.certificate; }
  [[nodiscard]] bool is_stalled() const noexcept { return stalled_; }
  [[nodiscard]] std::chrono::milliseconds stall_timeout() const noexcept {
    return options_.stall_timeout;
  }
  /// Whether a part of the head has arrived.
  [[nodiscard]] bool has_head_begun() const noexcept { return head_bytes_ > 0; }

private:
  friend class Loop;

  void set_up();
  void set_up_request();
  void set_up_tls_and_proxy();
  void set_up_address_check();
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_upload(char* data, std::size_t size, std::size_t count, void* self);
  static ::curl_socket_t on_socket(void* self, ::curlsocktype purpose, ::curl_sockaddr* address);
  static int on_request(void* self, char* peer, char* own, int peer_port, int own_port);
  static int on_debug(::CURL*, curl_infotype type, char* data, std::size_t size, void* self);

  void take_header(std::string_view line);
  std::size_t take_body(std::span<const std::byte> bytes);
  std::size_t give_upload(std::span<std::byte> out);

  [[nodiscard]] bool may_ask(AddressKind peer) const;

  bool step();
  [[nodiscard]] bool has_sent_staged() const noexcept;
  void refill_upload();
  void check_upload_size();
  void hold_download();
  void resume_download();
  void watch_stall();
  void finish(::CURLcode code) noexcept;
  [[noreturn]] void fail_body() const;

  ExchangeOptions options_;
  Loops& loops_;
  Loop& loop_;
  EasyHandle easy_;
  HeaderList header_list_;
  struct AskedProxy {
    std::string url;
    std::string name;
  };
  AskedProxy proxy_; ///< empty: none
  std::string refused_address_;
  std::array<char, CURL_ERROR_SIZE> detail_{};
  std::exception_ptr parked_;

  std::unique_ptr<Source> upload_;
  std::vector<std::byte> staged_; ///< upload bytes not yet taken by libcurl, from staged_begin_ on
  std::size_t staged_begin_ = 0;
  std::size_t staged_end_ = 0;
  std::uint64_t staged_total_ = 0;
  bool upload_wants_bytes_ = false; ///< paused on an empty buffer
  bool upload_ended_ = false;

  std::vector<std::byte> received_; ///< body bytes not yet read, from received_begin_ on
  std::size_t received_begin_ = 0;
  bool download_paused_ = false;
  std::span<std::byte> direct_; ///< the reader's memory while it waits
  std::size_t direct_filled_ = 0;
  std::uint64_t given_bytes_ = 0;

  Headers headers_;
  int status_ = 0;
  std::size_t head_bytes_ = 0;
  bool head_complete_ = false;
  bool done_ = false;
  bool stalled_ = false;
  ::CURLcode code_ = CURLE_OK;
  std::chrono::steady_clock::time_point last_movement_;
  ::curl_off_t moved_bytes_ = 0;
};

} // namespace regctl::http
