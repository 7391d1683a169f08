// SPDX-License-Identifier: Apache-2.0
#include "ops/places/pairing.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/diff.hpp>

namespace regctl::ops {

namespace {

void count(DiffSummary& summary, Difference difference) {
  switch (difference) {
  case Difference::missing:
    ++summary.missing;
    break;
  case Difference::extra:
    ++summary.extra;
    break;
  case Difference::different:
    ++summary.different;
    break;
  case Difference::unreadable:
    ++summary.unreadable;
    break;
  }
}

void compare(const PairedRepository& repository, DiffSummary& summary,
             const DiffListener& listener) {
  for (const auto& [tag, sides] : repository.tags) {
    const auto difference = find_difference(sides);
    if (difference) {
      count(summary, *difference);
      listener.on_tag({repository.name, tag, *difference, sides.a, sides.b});
    } else {
      ++summary.same;
    }
  }
}

} // namespace

DiffSummary diff(Session& session, const Scope& scope, const DiffListener& listener) {
  DiffSummary summary;
  Pairing pairing(session, scope);
  if (pairing.b() != nullptr && pairing.b()->model() != pairing.a().model()) {
    throw Error(ErrorKind::unsupported,
                pairing.a().describe() + " and " + pairing.b()->describe() +
                    " hold images of different protocols, which have no identities in common");
  }
  for (auto repositories = pairing.next(); !repositories.empty(); repositories = pairing.next()) {
    for (const auto& repository : repositories) {
      if (repository.problem) {
        summary.problems.add(repository.problem);
        listener.on_problem(repository.name, repository.problem);
      } else {
        ++summary.repositories;
        compare(repository, summary, listener);
      }
    }
  }
  return summary;
}

} // namespace regctl::ops
