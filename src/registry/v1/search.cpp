// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/search.hpp"

#include "registry/status.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/json_reader.hpp>
#include <regctl/base/text.hpp>
#include <regctl/http/url.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace regctl::registry::v1 {

namespace {

constexpr std::uint64_t k_page_limit = 10'000; // stops a server with endless pages

bool is_true(const Json& object, std::string_view name) {
  const auto* member = find_member(object, name);
  return member != nullptr && member->is_boolean() && member->get<bool>();
}

std::uint64_t number_or_zero(const Json* number) {
  return number != nullptr && number->is_number_unsigned() ? number->get<std::uint64_t>() : 0;
}

/// Reads one result; its name is still quoted.
SearchResult read_hit(const Json& result) {
  SearchResult hit;
  hit.name = required_string(result, "name", "search result");
  hit.description = optional_string(result, "description").value_or("");
  hit.stars = number_or_zero(find_member(result, "star_count"));
  hit.is_official = is_true(result, "is_official");
  hit.is_automated = is_true(result, "is_automated") || is_true(result, "is_trusted");
  return hit;
}

bool is_repository_name(const std::string& text) {
  try {
    static_cast<void>(parse_repository_name(text));
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// `name` as it is, decoded once, decoded twice, as long as the results are valid names; `name`
/// itself may be any text.
std::vector<std::string> decodings(const std::string& name) {
  constexpr std::size_t k_most = 3;
  std::vector<std::string> all = {name};
  while (all.size() < k_most && all.back().find('%') != std::string::npos) {
    auto decoded = percent_decode(all.back(), Plus::plus);
    if (!decoded) {
      break;
    }
    all.push_back(std::move(*decoded));
  }
  while (all.size() > 1 && !is_repository_name(all.back())) {
    all.pop_back();
  }
  return all;
}

class Search {
public:
  explicit Search(const SearchContext& context) : context_(context) {}

  std::optional<std::vector<SearchResult>> run(std::string_view term) {
    for (std::uint64_t page = 1;; ++page) {
      auto found = ask(term, page);
      if (page == 1 && !found.hits) {
        return std::nullopt;
      }
      if (!take(found.hits.value_or(std::vector<SearchResult>()))) {
        break;
      }
      promised_ = std::max(promised_, found.results);
      const bool is_last = found.pages <= page && promised_ <= rows_;
      if (is_last || page == k_page_limit) {
        is_cut_ = !is_last;
        break;
      }
    }
    if (is_cut_ || promised_ > rows_) {
      note_cut();
    }
    return std::move(hits_);
  }

private:
  /// Asks for a page; a missing one (404) has no hits.
  SearchPage ask(std::string_view term, std::uint64_t page) const {
    auto target = "/v1/search?q=" + http::percent_encode(term);
    if (page > 1) {
      target += "&page=" + std::to_string(page);
    }
    auto response = context_.ask(std::move(target));
    if (response.status == 404) {
      http::discard_body(response);
      return {};
    }
    if (response.status != 200) {
      throw_status(response, "cannot search " + context_.host);
    }
    return read_search_page(http::read_body(response, k_listing_limit_bytes),
                            "the search result of " + context_.host);
  }

  /// Adds a page. Returns false if it has nothing new: it is past the end, or repeats the last one.
  bool take(std::vector<SearchResult> page) {
    if (page.empty()) {
      return false;
    }
    const auto size = page.size();
    bool is_new = false;
    for (auto& hit : page) {
      is_new |= take_hit(std::move(hit));
    }
    rows_ += is_new ? size : 0;
    is_cut_ = !is_new;
    return is_new;
  }

  bool take_hit(SearchResult hit) {
    if (!rows_seen_.insert(hit.name).second) {
      return false;
    }
    hit.name = familiar_name(spell(hit.name));
    if (names_.insert(hit.name).second) {
      hits_.push_back(std::move(hit));
    }
    return true;
  }

  /// The listed name, decoded to the one that the registry knows.
  std::string spell(const std::string& listed) {
    const auto all = decodings(listed);
    const auto depth = all.size() - 1;
    if (depth == 0) {
      return listed;
    }
    if (const auto known = depth_.find(depth); known != depth_.end()) {
      return all[known->second];
    }
    for (auto level = depth;; --level) {
      if (context_.has_repository(all[level])) {
        depth_[depth] = level;
        return all[level];
      }
      if (level == 0) {
        return all.back(); // perhaps removed meanwhile
      }
    }
  }

  void note_cut() const {
    context_.note("the search of " + context_.host + " looks cut: it gave " +
                  std::to_string(hits_.size()) + " of " +
                  (promised_ > rows_ ? std::to_string(promised_) : "more") +
                  " repositories; what is missing can be named, or found by another term");
  }

  const SearchContext& context_;
  std::vector<SearchResult> hits_;
  std::set<std::string> names_;
  std::set<std::string> rows_seen_;
  std::map<std::size_t, std::size_t> depth_; ///< right number of decodings, by the possible number
  std::uint64_t rows_ = 0;
  std::uint64_t promised_ = 0;
  bool is_cut_ = false;
};

} // namespace

SearchPage read_search_page(std::string_view text, const std::string& what) {
  SearchPage page;
  const auto read = [&](const std::string& name, const Json& value) {
    if (name == "results" && page.hits) {
      page.hits->push_back(read_hit(value));
    } else if (name == "results" && value.is_array()) {
      page.hits.emplace();
    } else if (name == "num_pages") {
      page.pages = number_or_zero(&value);
    } else if (name == "num_results") {
      page.results = number_or_zero(&value);
    }
  };
  if (const auto problem = read_json_members(text, read, "results")) {
    throw Error(ErrorKind::protocol, what + " " + *problem);
  }
  return page;
}

std::optional<std::vector<SearchResult>> search(const SearchContext& context,
                                                std::string_view term) {
  return Search(context).run(term);
}

} // namespace regctl::registry::v1
