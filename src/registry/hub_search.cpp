// SPDX-License-Identifier: Apache-2.0
#include "registry/status.hpp"
#include "registry/v1/search.hpp"

#include <regctl/base/error.hpp>
#include <regctl/http/url.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/registry/hub_search.hpp>

#include <algorithm>
#include <string>

namespace regctl::registry {

namespace {

constexpr std::uint64_t k_answer_limit_bytes = 4 * 1024 * 1024;

} // namespace

HubResults search_hub(http::Transport& transport, std::string_view term, unsigned most) {
  if (term.empty()) {
    throw Error(ErrorKind::usage, "Docker Hub lists nothing without a term",
                "write regctl search docker.io TERM");
  }
  http::Request request;
  request.url = http::Url::parse("https://index.docker.io/");
  request.url.target = "/v1/search?q=" + http::percent_encode(term) + "&n=" + std::to_string(most);
  auto response = transport.send(request);
  if (response.status != 200) {
    throw_status(response, "cannot search Docker Hub");
  }
  auto page = v1::read_search_page(http::read_body(response, k_answer_limit_bytes),
                                   "the search result of Docker Hub");
  HubResults results{std::move(page.hits).value_or(std::vector<SearchResult>()), 0};
  if (results.hits.size() > most) {
    results.hits.resize(most);
  }
  for (auto& hit : results.hits) {
    hit.name = familiar_name(hit.name);
  }
  results.all = std::max<std::uint64_t>(page.results, results.hits.size());
  return results;
}

} // namespace regctl::registry
