-- where not or
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE NOT (city = 'Berlin' OR riders > 2)

-- rows of all
-- [311,84724]
-- rows of newest
-- [186,51833]
