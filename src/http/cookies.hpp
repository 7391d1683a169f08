// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/curl_handle.hpp"

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace regctl::http {

/// Cookies (for sticky sessions of load balancers) and TLS sessions, shared by the exchanges with
/// one origin. There is one per origin because libcurl's cookies ignore ports: a cookie of one
/// registry must not be sent to another one on the same machine. Thread-safe; not movable, since
/// libcurl keeps its address.
class OriginShare {
public:
  OriginShare();
  ~OriginShare() = default;
  OriginShare(const OriginShare&) = delete;
  OriginShare& operator=(const OriginShare&) = delete;

  [[nodiscard]] ::CURLSH* get() const noexcept { return handle_.get(); }

private:
  static void lock(::CURL*, curl_lock_data data, curl_lock_access, void* self);
  static void unlock(::CURL*, curl_lock_data data, void* self);

  std::array<std::mutex, CURL_LOCK_DATA_LAST> mutexes_;
  ShareHandle handle_;
};

/// The shares of all origins, for the client or for one cookie jar. Thread-safe.
class OriginShares {
public:
  OriginShare& of(const std::string& origin);

private:
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<OriginShare>> shares_;
};

} // namespace regctl::http
