-- where decimal in list
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE fare IN (5, 12.5)

-- rows of all
-- [212,60677]
-- rows of newest
-- [123,33646]
