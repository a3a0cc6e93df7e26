-- group ratio
-- engine: direct
-- ordered

SELECT city, sum(riders) / count(*) FROM trips GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",2.7358490566037736]
-- ["Berlin",3.2]
-- ["Kyiv",3]
-- ["Lima",2.888888888888889]
-- ["Oslo",2.9514563106796117]
-- ["Paris",2.8155339805825244]
-- ["Quito",3.01980198019802]
-- ["São Paulo",3.0297029702970297]
-- ["Zürich",2.9411764705882355]
-- [null,3.125]
-- rows of newest
-- ["Accra",2.727272727272727]
-- ["Berlin",3.4166666666666665]
-- ["Kyiv",3.0727272727272728]
-- ["Lima",2.8076923076923075]
-- ["Oslo",3.014925373134328]
-- ["Paris",2.8028169014084505]
-- ["Quito",2.9836065573770494]
-- ["São Paulo",3.2115384615384617]
-- ["Zürich",3.0714285714285716]
-- [null,3.2857142857142856]
