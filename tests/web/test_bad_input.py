"""Payments by HTTP that do not fit: each is refused, and told by its field."""

import pytest

from tests.corpus import NUMBER, Case, payments
from tests.web.site import Site
from web.problems import MEDIA_TYPE


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site"))


@pytest.mark.parametrize("case", payments(), ids=lambda case: case.name)
async def test_a_payment_that_does_not_fit_is_a_problem_that_names_its_field(
    site: Site, case: Case
):
    async with site.client("ann") as client:
        answer = await client.post("/v1/transactions", content=case.value)

    assert answer.status_code in {400, 413, 422}
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert NUMBER not in answer.text
    problem = answer.json()
    if answer.status_code == 422:
        assert [one["field"] for one in problem["errors"]] == [case.field]
        assert case.field in problem["detail"]
    elif answer.status_code == 400:
        assert problem["detail"].startswith("the body is no JSON")
    assert site.outlet.sent == []
