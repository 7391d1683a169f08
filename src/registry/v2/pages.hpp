// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v2/authorized_session.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::registry::v2 {

/// Asks for a listing page by page, and calls `on_page` with each answer, which may be a refusal.
/// `page_size` ("?n=1000") is left out if the registry answers 400 to it. The next page is the one
/// that the Link header names, query and all: only the registry knows what it means. Throws
/// Error{protocol} if that is at another host, or if the pages go round in a circle: then the list
/// would not be whole.
void read_pages(AuthorizedSession& session, const http::Request& first, std::string_view page_size,
                const Scopes& scopes, const std::string& what,
                const std::function<void(WholeAnswer& page)>& on_page);

/// The strings of the list `member` in a page; anything else among them, such as the null of Nexus,
/// is left out. `what` names the page in errors. Throws Error{protocol} for a text that is no JSON
/// object.
std::vector<std::string> read_names(std::string_view page, std::string_view member,
                                    const std::string& what);

/// Of each registry's answers: as many names a page as none refuses. Source: Amazon ECR, whose
/// limit this is.
inline constexpr std::string_view k_page_size = "?n=1000";

} // namespace regctl::registry::v2
