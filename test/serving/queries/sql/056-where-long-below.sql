-- where long below
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE driver < 9

-- rows of all
-- [153,45037]
-- rows of newest
-- [89,26606]
