// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>

#include <curl/curl.h>

#include <exception>
#include <memory>
#include <string>
#include <type_traits>

namespace regctl::http {

struct FreeEasy {
  void operator()(::CURL* handle) const noexcept { ::curl_easy_cleanup(handle); }
};
struct FreeMulti {
  void operator()(::CURLM* handle) const noexcept { ::curl_multi_cleanup(handle); }
};
struct FreeShare {
  void operator()(::CURLSH* handle) const noexcept { ::curl_share_cleanup(handle); }
};
struct FreeList {
  void operator()(::curl_slist* list) const noexcept { ::curl_slist_free_all(list); }
};
using EasyHandle = std::unique_ptr<::CURL, FreeEasy>;
using MultiHandle = std::unique_ptr<::CURLM, FreeMulti>;
using ShareHandle = std::unique_ptr<::CURLSH, FreeShare>;
using HeaderList = std::unique_ptr<::curl_slist, FreeList>;

/// curl_easy_setopt that checks its result, and converts the value to the type that the variadic
/// function reads (a bool or an int would be read as a long).
template <class T> void set_option(const EasyHandle& handle, ::CURLoption option, const T& value) {
  constexpr bool k_is_whole_number = std::is_integral_v<T> || std::is_enum_v<T>;
  const auto code = [&] {
    if constexpr (std::is_same_v<T, std::string>) {
      return ::curl_easy_setopt(handle.get(), option, value.c_str()); // curl copies strings
    } else if constexpr (k_is_whole_number && sizeof(T) < sizeof(long)) {
      return ::curl_easy_setopt(handle.get(), option, static_cast<long>(value));
    } else {
      return ::curl_easy_setopt(handle.get(), option, value);
    }
  }();
  if (code != CURLE_OK) {
    throw Error(ErrorKind::unsupported,
                std::string("libcurl refuses an option: ") + ::curl_easy_strerror(code));
  }
}

/// Runs `body` inside a C callback. Exceptions must not cross libcurl's frames: one is stored in
/// `parked`, and `on_error` makes libcurl stop.
template <class Result, class F>
Result fenced(std::exception_ptr& parked, Result on_error, F&& body) noexcept {
  try {
    return body();
  } catch (...) {
    parked = std::current_exception();
    return on_error;
  }
}

/// Appends "NAME: VALUE" to `list`.
inline void append(HeaderList& list, const std::string& line) {
  auto* longer = ::curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) {
    throw std::bad_alloc();
  }
  static_cast<void>(list.release());
  list.reset(longer);
}

} // namespace regctl::http
