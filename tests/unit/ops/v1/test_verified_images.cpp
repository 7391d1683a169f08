// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/verified_images.hpp"

#include <regctl/model/v1/chain.hpp>
#include <regctl/model/v1/repository.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::ops;

namespace {

using End = VerifiedImages::Chain::End;

std::string id_of(std::size_t number) {
  auto text = std::to_string(number);
  return std::string(64 - text.size(), '0') + text;
}

VerifiedImages::Image& add(VerifiedImages& images, std::size_t number) {
  auto& image = images.get(id_of(number));
  image.second.is_readable = true;
  return image;
}

} // namespace

TEST_SUITE_BEGIN("ops/v1/verified_images");

TEST_CASE("an image has one entry, which never moves and holds the latest findings") {
  VerifiedImages images;
  auto& first = images.get(id_of(0));
  for (std::size_t i = 1; i < 1000; ++i) {
    images.get(id_of(i));
  }
  CHECK(&images.get(id_of(0)) == &first);
  CHECK(images.findings(first).empty());
  images.set_findings(first, {{Fault::dead_upload, Finding::Where::a, id_of(0), ""}});
  CHECK(images.findings(first).size() == 1);
  CHECK(images.findings(images.get(id_of(1))).empty());
  images.set_findings(first, {});
  CHECK(images.findings(first).empty());
}

TEST_CASE("a chain ends at a base, at an unreadable image, or in a loop") {
  VerifiedImages images;
  auto& base = add(images, 1);
  auto& middle = add(images, 2);
  auto& top = add(images, 3);
  middle.second.parent = &base;
  top.second.parent = &middle;
  for (int times = 0; times < 2; ++times) { // a walk leaves no trace that stops the next one
    const auto chain = images.chain(top);
    CHECK(chain.end == End::base);
    CHECK(chain.members == std::vector<VerifiedImages::Image*>{&top, &middle, &base});
  }
  middle.second.is_readable = false;
  CHECK(images.chain(top).end == End::broken);
  CHECK(images.chain(top).members.size() == 2);
  middle.second.is_readable = true;
  base.second.parent = &middle;
  CHECK(images.chain(top).end == End::loop);
  CHECK(images.chain(top).members.size() == 3);
}

TEST_CASE("a chain of more than k_max_chain images is a loop") {
  VerifiedImages images;
  for (std::size_t i = 1; i <= k_max_chain; ++i) {
    add(images, i).second.parent = i == 1 ? nullptr : &images.get(id_of(i - 1));
  }
  CHECK(images.chain(images.get(id_of(k_max_chain))).end == End::base);
  add(images, k_max_chain + 1).second.parent = &images.get(id_of(k_max_chain));
  CHECK(images.chain(images.get(id_of(k_max_chain + 1))).end == End::loop);
}

TEST_SUITE_END();
