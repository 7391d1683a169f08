// SPDX-License-Identifier: Apache-2.0
#include "http/cookies.hpp"

#include <regctl/http/message.hpp>

namespace regctl::http {

OriginShare::OriginShare() : handle_(::curl_share_init()) {
  if (!handle_) {
    throw std::bad_alloc();
  }
  ::curl_share_setopt(handle_.get(), CURLSHOPT_USERDATA, this);
  ::curl_share_setopt(handle_.get(), CURLSHOPT_LOCKFUNC, &OriginShare::lock);
  ::curl_share_setopt(handle_.get(), CURLSHOPT_UNLOCKFUNC, &OriginShare::unlock);
  ::curl_share_setopt(handle_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
  ::curl_share_setopt(handle_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

void OriginShare::lock(::CURL*, curl_lock_data data, curl_lock_access, void* self) {
  static_cast<OriginShare*>(self)->mutexes_.at(data).lock();
}

void OriginShare::unlock(::CURL*, curl_lock_data data, void* self) {
  static_cast<OriginShare*>(self)->mutexes_.at(data).unlock();
}

OriginShare& OriginShares::of(const std::string& origin) {
  const std::lock_guard lock(mutex_);
  auto& share = shares_[origin];
  if (!share) {
    share = std::make_unique<OriginShare>();
  }
  return *share;
}

std::shared_ptr<OriginShares> make_cookie_jar() {
  return std::make_shared<OriginShares>();
}

} // namespace regctl::http
