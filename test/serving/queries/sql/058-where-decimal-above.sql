-- where decimal above
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE fare > 20

-- rows of all
-- [317,89183]
-- rows of newest
-- [205,60736]
