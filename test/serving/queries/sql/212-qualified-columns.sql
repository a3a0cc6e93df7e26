-- qualified columns
-- engine: direct
-- ordered

SELECT trips.city, count(trips.trip) FROM trips GROUP BY trips.city ORDER BY trips.city LIMIT 100

-- rows of all
-- ["Accra",105]
-- ["Berlin",90]
-- ["Kyiv",99]
-- ["Lima",92]
-- ["Oslo",96]
-- ["Paris",101]
-- ["Quito",104]
-- ["São Paulo",92]
-- ["Zürich",71]
-- [null,50]
-- rows of newest
-- ["Accra",69]
-- ["Berlin",49]
-- ["Kyiv",54]
-- ["Lima",61]
-- ["Oslo",54]
-- ["Paris",64]
-- ["Quito",61]
-- ["São Paulo",48]
-- ["Zürich",44]
-- [null,29]
