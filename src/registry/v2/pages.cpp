// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/pages.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json_reader.hpp>
#include <regctl/http/link.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

namespace regctl::registry::v2 {

namespace {

/// A limit for a registry that makes up pages without end.
constexpr std::uint64_t k_most_pages = 1'000'000;

/// The URL of the next page. A proxy that ends TLS may name it by http, or without the port.
http::Url next_url(const http::Url& base, const http::Url& page, const std::string& link,
                   const std::string& what) {
  auto next = page.resolve(link);
  if (next.host != base.host) {
    throw Error(ErrorKind::protocol,
                what + " goes on at another host, " + next.origin() + ", which " + base.origin() +
                    " must not name for it",
                "whoever runs the registry has to mend its Link header");
  }
  next.scheme = base.scheme;
  next.port = base.port;
  return next;
}

/// Notices that pages come again and again. Brent's way to find a circle: each page is compared
/// with one of the pages before, which is exchanged ever more rarely.
class Circle {
public:
  explicit Circle(http::Url first) : url_(std::move(first)) {}

  /// Whether the page with this body leads back: `next` is the landmark's address, or the bodies
  /// are too often the landmark's, since a server that ignores `last` may give each page an address
  /// of its own. Empty pages that lead on may be the same several times.
  bool is_closed_by(const http::Url& next, std::string_view body) {
    const auto hash = std::hash<std::string_view>()(body);
    repeated_ += body_ == hash ? 1 : 0;
    if (next == url_ || repeated_ > k_most_repeated) {
      return true;
    }
    if (--until_exchange_ == 0) {
      url_ = next;
      body_ = hash;
      repeated_ = 0;
      until_exchange_ = pages_ + 1;
    }
    ++pages_;
    return false;
  }

private:
  static constexpr unsigned k_most_repeated = 50;

  http::Url url_;
  std::optional<std::size_t> body_;
  unsigned repeated_ = 0; ///< pages since with the same body
  std::uint64_t pages_ = 1;
  std::uint64_t until_exchange_ = 1;
};

} // namespace

void read_pages(AuthorizedSession& session, const http::Request& first, std::string_view page_size,
                const Scopes& scopes, const std::string& what,
                const std::function<void(WholeAnswer& page)>& on_page) {
  auto request = first;
  request.url.target += page_size;
  Circle circle(request.url);
  for (std::uint64_t pages = 1; pages <= k_most_pages; ++pages) {
    auto page = session.send_for_body(request, scopes, k_listing_limit_bytes);
    if (page.response.status == 400 && pages == 1 && !page_size.empty()) {
      http::discard_body(page.response);
      request = first;
      page = session.send_for_body(request, scopes, k_listing_limit_bytes);
    }
    on_page(page);
    const auto link = http::find_next_page(page.response.headers);
    if (!http::is_success(page.response.status) || !link) {
      return;
    }
    request.url = next_url(session.connection().base, request.url, *link, what);
    if (circle.is_closed_by(request.url, page.body)) {
      throw Error(ErrorKind::protocol, what + " is a circle of pages: " + request.url.redacted() +
                                           " leads to a page that was there before");
    }
  }
  throw Error(ErrorKind::protocol,
              what + " has more than " + std::to_string(k_most_pages) + " pages");
}

std::vector<std::string> read_names(std::string_view page, std::string_view member,
                                    const std::string& what) {
  std::vector<std::string> names;
  const auto fault = read_json_members(
      page,
      [&](std::string& name, Json& value) {
        if (name == member && value.is_string()) {
          names.push_back(std::move(value.get_ref<std::string&>()));
        }
      },
      member);
  if (fault) {
    throw Error(ErrorKind::protocol, what + " " + *fault);
  }
  return names;
}

} // namespace regctl::registry::v2
